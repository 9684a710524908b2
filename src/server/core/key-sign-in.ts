import { isApiKey } from "../../protocol/api-key.ts";
import { ApiError } from "./api-error.ts";
import type { ApiKeys } from "./api-keys.ts";
import { sha256 } from "./sha256.ts";
import type { KeyClaims, Session } from "./session.ts";

const refused = (why: string) => new ApiError("invalid_token", `This API key ${why}`);
const unknown = () => refused("is unknown or was ended. Make a new one.");

/** For a key that the hold of a question refuses. */
export const endedKey = () => refused("was ended or has expired. Make a new one.");

export const disabledAccount = () =>
  new ApiError("account_disabled", "This account is disabled. Ask the operator of this server.");

/** What is no API key by its form is not looked up. */
function digestOf(key: string): string {
  if (!isApiKey(key)) throw refused("is not well formed. Copy it whole.");
  return sha256(key);
}

/** The checks of API keys in `SignIn`. */
export function createKeySignIn({ apiKeys, now }: { apiKeys: ApiKeys | undefined; now: () => number }) {
  async function confirmKey(digest: string): Promise<Session> {
    const found = await apiKeys?.byDigest(digest);
    if (!found) throw unknown();
    const { account, key } = found;
    if (key.expires !== null && key.expires <= now()) throw refused("has expired. Make a new one.");
    if (account.disabled) throw disabledAccount();
    return { account, claims: { account: account.id, apiKey: key.id, digest } };
  }

  return {
    confirmKey,
    findKey: async (key: string): Promise<Session> => confirmKey(digestOf(key)),
    recognizeKey: async (key: string): Promise<KeyClaims> => {
      const digest = digestOf(key);
      const owner = await apiKeys?.ownerOf?.(digest);
      if (!owner) throw unknown();
      return { account: owner.account, apiKey: owner.id, digest };
    },
  };
}
