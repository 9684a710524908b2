/**
 * A username as it is compared: ASCII letters in lower case (docs/http-api.md#usernames). Every store must use it;
 * else a copy from one store to another could merge two names.
 */
export const foldName = (name: string): string => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
