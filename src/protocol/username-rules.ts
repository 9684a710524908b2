import { USERNAME_CHARACTERS } from "./limits.ts";

/** Each rule of docs/http-api.md#usernames for a username, and what completes "the username …". */
const rules: readonly (readonly [holds: (name: string) => boolean, must: string])[] = [
  [
    (name) => name.length >= 1 && name.length <= USERNAME_CHARACTERS,
    `must have 1 to ${USERNAME_CHARACTERS} characters`,
  ],
  [
    (name) => /^[A-Za-z0-9@.+\-_]*$/.test(name),
    "may have the letters A-Z and a-z, digits and @ . + - _ only",
  ],
];

/** What a new username would have to be and isn't, each to complete "the username …"; empty where it will do. */
export function usernameFaults(name: string): string[] {
  return rules.filter(([holds]) => !holds(name)).map(([, must]) => must);
}
