import type { ApiKeyLimit } from "../../protocol/replies.ts";
import { record, told } from "../../text/loose-json.ts";
import { isSendable } from "./token.ts";

/** An API key of an account (docs/http-api.md#api-keys). Times are ISO 8601 as the server wrote them. */
export interface ApiKeyInfo {
  id: string;
  name: string;
  limit: ApiKeyLimit | null;
  expires: string | null;
  created: string;
}

export interface ListedApiKey extends ApiKeyInfo {
  spent: number | null;
  lastUsed: string | null;
}

export interface NewApiKey {
  name: string;
  limit?: ApiKeyLimit | undefined;
  /** Milliseconds since the epoch. */
  expires?: number | undefined;
}

const timeOf = (value: unknown): string | null =>
  typeof value === "string" && !Number.isNaN(Date.parse(value)) ? new Date(value).toISOString() : null;

function limitOf(value: unknown): ApiKeyLimit | null {
  const limit = record(value);
  const tokens = told(limit?.tokens);
  const per = limit?.per;
  return tokens !== null && (per === "day" || per === "week" || per === "month") ? { tokens, per } : null;
}

function infoOf(body: Record<string, unknown> | undefined): ApiKeyInfo | undefined {
  const created = timeOf(body?.created_at);
  if (typeof body?.id !== "string" || typeof body.name !== "string" || created === null) return undefined;
  const { id, name } = body;
  return { id, name, limit: limitOf(body.limit), expires: timeOf(body.expires_at), created };
}

/** A key that was made, out of a server's reply; undefined if it is none. */
export function madeKeyOf(body: Record<string, unknown>): (ApiKeyInfo & { key: string }) | undefined {
  const info = infoOf(body);
  return info && typeof body.key === "string" && isSendable(body.key)
    ? { ...info, key: body.key }
    : undefined;
}

/** The keys of an account, out of a server's reply; undefined if it has none. */
export function listedKeysOf({ keys }: Record<string, unknown>): ListedApiKey[] | undefined {
  if (!Array.isArray(keys)) return undefined;
  const listed = keys.flatMap((value): ListedApiKey[] => {
    const body = record(value);
    const info = infoOf(body);
    return info ? [{ ...info, spent: told(body?.spent), lastUsed: timeOf(body?.last_used_at) }] : [];
  });
  return listed.length === keys.length ? listed : undefined;
}
