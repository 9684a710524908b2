import type { SigningSecret } from "../core/signing-secrets.ts";

/** A secret that signs tokens in `from` ≤ time, if no earlier key does, and whose tokens are taken in time < `until`. */
export interface SigningKey {
  secret: Buffer;
  /** Milliseconds since the epoch, as `until`. */
  from: number;
  until: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** The operator's secrets: the first signs, and all are taken until they are removed. */
export const operatorKeys = (secrets: readonly string[]): SigningKey[] =>
  secrets.map((secret) => ({ secret: Buffer.from(secret), from: 0, until: Number.POSITIVE_INFINITY }));

/** The store's secrets, newest first: each is taken for the lifetime of a token, in days, after the next one signs. */
export const storedKeys = (secrets: readonly SigningSecret[], days: number): SigningKey[] =>
  secrets.map(({ secret, from }, at) => {
    const next = secrets[at - 1];
    return { secret, from, until: next ? next.from + days * DAY_MS : Number.POSITIVE_INFINITY };
  });
