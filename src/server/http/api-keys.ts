import { randomUUID } from "node:crypto";
import { newApiKey } from "../../protocol/api-key.ts";
import type { ApiKeyBody } from "../../protocol/bodies.ts";
import type { ApiKeyReply, ApiKeysReply } from "../../protocol/replies.ts";
import { ApiError } from "../core/api-error.ts";
import { API_KEYS, type ApiKey, type ApiKeys } from "../core/api-keys.ts";
import { giveBackOnFailure } from "../core/give-back.ts";
import { isoSecond } from "../core/iso-second.ts";
import type { Limit } from "../core/ports.ts";
import { sha256 } from "../core/sha256.ts";
import type { SignIn } from "../core/sign-in.ts";
import { accountOf, sessionOf, type Middleware } from "./context.ts";
import { replyJson } from "./reply.ts";
import { invalidFields, type Handler } from "./validate.ts";

const timeOf = (ms: number | null) => (ms === null ? null : isoSecond(ms));

const fieldsOf = ({ id, name, limit, expires, at }: ApiKey) => ({
  id,
  name,
  limit: limit && { tokens: limit.tokens, per: limit.per },
  expires_at: timeOf(expires),
  created_at: isoSecond(at),
});

interface Needs {
  apiKeys: ApiKeys;
  /** Counts the keys that an account makes. */
  newKeys: Limit;
  signIn: Pick<SignIn, "confirm">;
  now?: () => number;
}

/** The handler of `POST /api/keys`. */
export function createApiKey({ apiKeys, newKeys, signIn, now = Date.now }: Needs): Handler<ApiKeyBody> {
  return async function createApiKey(ctx, { name, limit = null, expires_at: expires = null }) {
    if (expires !== null && expires <= now())
      throw invalidFields([{ field: "expires_at", detail: "expires_at must be in the future." }]);
    const key = newApiKey();
    const session = sessionOf(ctx);
    const { id: account } = session.account;
    const made = { id: randomUUID(), account, name, digest: sha256(key), limit, expires };
    // Before, so that keys that are made at once are no more than those made one after the other.
    const giveBack = await newKeys.take(account);
    const outcome = await giveBackOnFailure(giveBack, () => apiKeys.create(made));
    if (outcome.kind !== "created") await giveBack();
    switch (outcome.kind) {
      case "created": {
        // The token may have ended while the body came. A new password from now on ends this key, too.
        await signIn.confirm(session.claims).catch(async (error: unknown) => {
          await apiKeys.revoke(account, made.id);
          throw error;
        });
        const reply: ApiKeyReply = { ...fieldsOf(outcome.key), key };
        return replyJson(ctx, 201, reply);
      }
      case "taken":
        throw new ApiError("key_name_taken", "This account has an API key with this name. Choose another.");
      case "too_many":
        throw new ApiError("invalid_request", `An account has at most ${API_KEYS} API keys. End one first.`);
      case "unknown":
        throw new ApiError("invalid_token", "This account was deleted.");
    }
  };
}

/** The handler of `GET /api/keys`. */
export function listApiKeys(apiKeys: ApiKeys): Middleware {
  return async function listApiKeys(ctx) {
    const keys = await apiKeys.list(accountOf(ctx).id);
    const reply: ApiKeysReply = {
      keys: keys.map((key) => ({
        ...fieldsOf(key),
        spent: key.spent,
        last_used_at: timeOf(key.lastUsed),
      })),
    };
    replyJson(ctx, 200, reply);
  };
}

/** The handler of `DELETE /api/keys/{id}`. */
export function revokeApiKey(apiKeys: ApiKeys): Middleware {
  return async function revokeApiKey(ctx) {
    const [, , , id = ""] = ctx.path.split("/");
    const { kind } = await apiKeys.revoke(accountOf(ctx).id, id);
    if (kind === "unknown") throw new ApiError("not_found", "This account has no API key with this id.");
    ctx.state.reply = { status: 204 };
  };
}
