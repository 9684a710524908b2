/** The names of an account: the present one, null if only a token is known, and those before an operator renamed it. */
export interface AccountNames {
  username: string | null;
  formerly?: readonly string[] | undefined;
}

/** Usernames are case-insensitive (docs/http-api.md#usernames). */
export const isSameUser = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** Whether it is, or was, a name of the account; null where only a token is known. */
export const isNameOf = ({ username, formerly = [] }: AccountNames, name: string | null): boolean =>
  [username, ...formerly].some((one) => one?.toLowerCase() === name?.toLowerCase());

/** The names of an account whose server says that it is `now`; undefined if that is no other name, or none was known. */
export function renamed(
  { username, formerly = [] }: AccountNames,
  now: string,
): { username: string; formerly: string[] } | undefined {
  if (username === null || username === "" || isSameUser(username, now)) return undefined;
  return { username: now, formerly: [...formerly.filter((name) => !isSameUser(name, now)), username] };
}
