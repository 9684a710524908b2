import { KEY_CHARACTERS } from "../../protocol/limits.ts";
import { headers } from "../../protocol/replies.ts";
import type { Context } from "./context.ts";
import { invalidFields } from "./validate.ts";

/** What a structured-field string says (RFC 9651 §3.3.3), or undefined where it is not one. */
function unquoted(value: string): string | undefined {
  const inside = /^"((?:[^"\\]|\\["\\])*)"$/.exec(value)?.[1];
  return inside?.replace(/\\(.)/g, "$1");
}

/**
 * The key in an Idempotency-Key header, with or without quotes; undefined where its form is wrong
 * (docs/http-api.md#idempotency).
 */
export function parseKey(value: string): string | undefined {
  const key = value.startsWith('"') ? unquoted(value) : value;
  if (key === undefined || key.length > KEY_CHARACTERS || !/^[!-~]+$/.test(key)) return undefined;
  return key;
}

/** The request's Idempotency-Key without quotes, if it has one. Throws `invalid_request`. */
export function keyOf(ctx: Context): string | undefined {
  const value = ctx.headers["idempotency-key"];
  if (value === undefined) return undefined;
  const key = parseKey(String(value));
  if (key !== undefined) return key;
  const detail = `Idempotency-Key must be 1 to ${KEY_CHARACTERS} visible ASCII characters.`;
  throw invalidFields([{ field: headers.key, detail }]);
}
