import { KEY_CHARACTERS } from "../../protocol/limits.ts";
import { headers } from "../../protocol/replies.ts";
import type { Context } from "./context.ts";
import { invalidFields } from "./validate.ts";

/** The bare items of RFC 9651 §3.3: number or date, string, token, bytes, boolean, display string. */
const bareItem =
  /@?-?\d{1,15}(?:\.\d{1,3})?|"(?:[^"\\]|\\["\\])*"|[A-Za-z*][\w!#$%&'*+.^`|~:/-]*|:[\w+/=-]*:|\?[01]|%"[^"]*"/
    .source;

/** A string, and its parameters (RFC 9651 §3.1.2). */
const quotedItem = new RegExp(
  `^"((?:[^"\\\\]|\\\\["\\\\])*)"(?:; *[a-z*][a-z0-9_.*-]*(?:=(?:${bareItem}))?)*$`,
);

/** What a structured-field string says (RFC 9651 §3.3.3), without its parameters; undefined where it is not one. */
function unquoted(value: string): string | undefined {
  return quotedItem.exec(value)?.[1]?.replace(/\\(.)/g, "$1");
}

/**
 * The key in an Idempotency-Key header, with or without quotes; parameters after the quotes do not count. A value
 * without quotes is the key as a whole, also with a semicolon: two keys must never become one. undefined where its form
 * is wrong (docs/http-api.md#idempotency).
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
