/** In regular expressions of JSON Schema, which have no flags: a word in upper or lower case. */
export const anyCase = (word: string): string =>
  word.replaceAll(/[a-z]/g, (letter) => `[${letter.toUpperCase()}${letter}]`);

const words = [
  "apikey",
  "auth",
  "authorization",
  "cookie",
  "credentials?",
  "key",
  "password",
  "secret",
  "sig",
  "token",
];
const word = `(${words.map(anyCase).join("|")})`;

/** Pattern of a name, such as `api-key`, whose value is a secret. Names that end in `_env` or `_file` have none. */
export const SECRET_NAME = `^(?!.*_(env|file)$)(.*[-_])?${word}([-_].*)?$`;

/** Patterns of URLs that hold a secret: a password, any user info of http, and a secret in the query. */
export const SECRET_URLS: readonly string[] = [
  "^[^/]*//[^/]*:[^/]*@",
  "^[Hh][^/]*//[^/]*@",
  `[?&]([^=&]*[-_])?${word}([-_][^=&]*)?=`,
];

export const isSecretName = (name: string): boolean => new RegExp(SECRET_NAME).test(name);
export const holdsSecret = (url: string): boolean =>
  SECRET_URLS.some((pattern) => new RegExp(pattern).test(url));
