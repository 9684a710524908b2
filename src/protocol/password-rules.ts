import { codePoints } from "../text/code-points.ts";
import { PASSWORD_BYTES, PASSWORD_CODE_POINTS } from "./limits.ts";

/** Each rule of docs/http-api.md#passwords for a new password, and what completes "the password must …". */
const rules: readonly (readonly [holds: (password: string) => boolean, must: string])[] = [
  [
    (password) => codePoints(password) >= PASSWORD_CODE_POINTS,
    `have at least ${PASSWORD_CODE_POINTS} characters`,
  ],
  // bcrypt reads no further.
  [
    (password) => new TextEncoder().encode(password).length <= PASSWORD_BYTES,
    `have at most ${PASSWORD_BYTES} bytes of UTF-8`,
  ],
  [(password) => !password.includes("\0"), "not hold the character U+0000"],
  [(password) => password.isWellFormed(), "be valid Unicode"],
];

/** What a new password would have to be and isn't, each to complete "the password must …"; empty where it will do. */
export function passwordFaults(password: string): string[] {
  return rules.filter(([holds]) => !holds(password)).map(([, must]) => must);
}
