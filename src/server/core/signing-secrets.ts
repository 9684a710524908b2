import { randomBytes } from "node:crypto";
import { SECRET_BYTES } from "../../protocol/limits.ts";

/** A secret that signs tokens from a time on, until the next one does. Its tokens are taken until they expire. */
export interface SigningSecret {
  secret: Buffer;
  /** Milliseconds since the epoch. */
  from: number;
}

/**
 * First line of several secrets; then one line for each, newest first: base64 and the time. A single one is stored as
 * its bytes alone.
 */
const HEAD = "ai-chat signing secrets\n";

const LINE = /^([A-Za-z0-9+/]+=*) (\S+)$/;

/** The longest lifetime of a token, in milliseconds: 3,650 days. An older secret signed none that is still valid. */
const LONGEST = 3650 * 24 * 60 * 60 * 1000;

/** Milliseconds until a new secret signs, so that every server that shares the store knows it by then. */
const DELAY = 10_000;

/** New random bytes that sign tokens. */
export const newSecret = (): Buffer => randomBytes(48);

/** The stored secrets, newest first; undefined if they are broken or too short. */
export function secretsIn(stored: Buffer): SigningSecret[] | undefined {
  const text = stored.toString("latin1");
  const secrets = text.startsWith(HEAD)
    ? text.slice(HEAD.length).trimEnd().split("\n").map(secretOf)
    : [{ secret: stored, from: 0 }];
  return secrets.every(({ secret, from }) => secret.length >= SECRET_BYTES && Number.isFinite(from))
    ? secrets
    : undefined;
}

function secretOf(line: string): SigningSecret {
  const [, secret = "", from = ""] = LINE.exec(line) ?? [];
  return { secret: Buffer.from(secret, "base64"), from: Date.parse(from) };
}

/** What to store so that a new secret signs. Without `end`, tokens of those before stay valid. */
export function withNewSecret(
  stored: readonly SigningSecret[],
  { now, end }: { now: number; end: boolean },
): Buffer {
  if (end) return newSecret();
  const next = { secret: newSecret(), from: now + DELAY };
  const kept = stored.filter((_, at) => at === 0 || now - stored[at - 1]!.from < LONGEST);
  const lines = [next, ...kept].map(
    ({ secret, from }) => `${secret.toString("base64")} ${new Date(from).toISOString()}\n`,
  );
  return Buffer.from(HEAD + lines.join(""));
}
