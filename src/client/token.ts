/**
 * When a token ends, in milliseconds since the epoch: the `exp` of a JWT, read without verifying it (that is the
 * server's business). `null` for an opaque token or one without `exp`.
 */
export function tokenExpiry(token: string): number | null {
  const payload = token.split(".").length === 3 ? token.split(".")[1] : undefined;
  if (payload === undefined) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    const exp = typeof claims === "object" && claims !== null && "exp" in claims ? claims.exp : undefined;
    return typeof exp === "number" && Number.isFinite(exp) ? exp * 1000 : null;
  } catch {
    return null;
  }
}

/** Whether the text can stand in a header as a token: visible ASCII, not empty. */
export function isSendable(token: string): boolean {
  return /^[\x21-\x7e]+$/.test(token);
}
