/** API keys (docs/http-api.md#api-keys): `aic_`, 32 random bytes in Base62, and a checksum of 6 characters. */
const PREFIX = "aic_";
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BYTES = 32;
/** 62 ** 43 is more than 2 ** 256. */
const SECRET_DIGITS = 43;
const CHECK_DIGITS = 6;

/** The largest prime below 62 ** 6: a checksum modulo it finds each wrong character, and any two that changed places. */
const PRIME = 56_800_235_581;

const FORM = new RegExp(`^${PREFIX}[0-9A-Za-z]{${SECRET_DIGITS + CHECK_DIGITS}}$`);

/** Also one that is cut off. */
const ANYWHERE = new RegExp(`${PREFIX}[0-9A-Za-z]{16,}`, "g");

/** A new API key, such as `aic_` and 49 letters and digits. Stores keep its SHA-256 alone. */
export function newApiKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  const secret = base62(
    bytes.reduce((number, byte) => number * 256n + BigInt(byte), 0n),
    SECRET_DIGITS,
  );
  return PREFIX + secret + checksum(secret);
}

/** Replaces API keys in a text for the operator. */
export const withoutApiKeys = (text: string): string =>
  text.includes(PREFIX) ? text.replace(ANYWHERE, `${PREFIX}…`) : text;

/** Whether a text is meant as an API key. No token begins like one. */
export const isKeyLike = (text: string): boolean => text.startsWith(PREFIX);

/** Whether a text is an API key, by its form and its checksum. */
export function isApiKey(text: string): boolean {
  if (!FORM.test(text)) return false;
  const secret = text.slice(PREFIX.length, -CHECK_DIGITS);
  return text.endsWith(checksum(secret));
}

function checksum(secret: string): string {
  let rest = 0;
  for (const digit of secret) rest = (rest * DIGITS.length + DIGITS.indexOf(digit)) % PRIME;
  return base62(BigInt(rest), CHECK_DIGITS);
}

function base62(number: bigint, length: number): string {
  let text = "";
  for (let rest = number; text.length < length; rest /= 62n) text = DIGITS[Number(rest % 62n)] + text;
  return text;
}
