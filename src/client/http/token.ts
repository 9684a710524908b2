/** The end of the year 9999, the last that ISO 8601 writes with four digits. */
const LATEST = Date.UTC(10_000, 0) - 1;

/** Whether the value is a possible end of a token, in milliseconds since the epoch. */
export function isExpiry(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= LATEST;
}

/**
 * When a token ends, in milliseconds since the epoch: the `exp` of a JWT, read without verifying it (the server
 * does that). `null` for an opaque token, and if `exp` is missing or invalid.
 */
export function tokenExpiry(token: string): number | null {
  const payload = token.split(".").length === 3 ? token.split(".")[1] : undefined;
  if (payload === undefined) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    const exp = typeof claims === "object" && claims !== null && "exp" in claims ? claims.exp : undefined;
    const expires = typeof exp === "number" ? exp * 1000 : undefined;
    return isExpiry(expires) ? expires : null;
  } catch {
    return null;
  }
}

/** Whether the text can stand in a header as a token: visible ASCII, not empty. */
export function isSendable(token: string): boolean {
  return /^[\x21-\x7e]+$/.test(token);
}
