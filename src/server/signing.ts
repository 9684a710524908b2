import { operatorKeys, storedKeys } from "./auth/signing-keys.ts";
import { createTokens } from "./auth/tokens.ts";
import type { Tokens } from "./core/credentials.ts";
import type { Store } from "./core/store.ts";
import { secretsIn } from "./core/signing-secrets.ts";
import { repeat } from "./every.ts";

/** Milliseconds between two looks at the store's secrets. */
const EVERY = 2_000;

/** Tokens, and the secrets that sign them. */
export interface Signing {
  tokens: Tokens;
  /** Signs with the operator's secrets from now on, or without them with the store's. */
  turnTo(secrets: readonly string[] | undefined): Promise<void>;
  close(): Promise<void>;
}

interface Options {
  store: Pick<Store, "signingSecret" | "storedSecret">;
  /** The operator's. */
  secrets: readonly string[] | undefined;
  /** The lifetime of a token. */
  days: number;
  now?: () => number;
  every?: number;
}

/** Signs with the operator's secrets, or with the store's, which are taken anew within seconds when they change. */
export async function openSigning({
  store,
  secrets,
  days,
  now = Date.now,
  every = EVERY,
}: Options): Promise<Signing> {
  let own = secrets;
  /** The store's, while they sign. */
  let stored = own ? undefined : await store.signingSecret();
  const keysIn = (stored: Buffer) => storedKeys(secretsIn(stored) ?? [], days);
  const tokens = createTokens({ keys: stored ? keysIn(stored) : operatorKeys(own ?? []), days, now });

  async function look(): Promise<void> {
    if (own) return;
    // While they cannot be read, or are broken, the secrets of before go on.
    const found = await (stored ? store.storedSecret() : store.signingSecret()).catch(() => undefined);
    if (own || !found || (stored && found.equals(stored))) return;
    const keys = keysIn(found);
    if (keys.length === 0) return;
    stored = found;
    tokens.use(keys);
  }

  const looking = repeat(look, every);
  return {
    tokens,
    async turnTo(secrets) {
      own = secrets;
      if (!own) return look();
      stored = undefined;
      tokens.use(operatorKeys(own));
    },
    close: () => looking.close(),
  };
}
