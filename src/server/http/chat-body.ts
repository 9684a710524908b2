import { chatBodyBytes } from "../../protocol/chat-limits.ts";
import { IMAGES } from "../../protocol/limits.ts";
import { limitsOf, takeImages, type Models } from "../core/models.ts";
import { ApiError } from "../core/api-error.ts";
import type { BodyLimit } from "./read-body.ts";

/** Bytes of a string in JSON from which on it may be an image. */
const LONG = 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const TOKEN_IN_HEAD = `For one of up to ${IMAGES.body / 1024 / 1024} MiB, send its token in the Authorization header.`;

/** Largest body of a question without images. */
export const textLimit = (models: Models): number =>
  Math.max(...models.map((model) => chatBodyBytes(limitsOf(model))));

/** Largest body of a question, by whether its head has a valid token. */
export function bodyLimit(models: Models, hasToken: boolean): BodyLimit {
  const limit = textLimit(models);
  if (!takeImages(models) || limit >= IMAGES.body) return limit;
  return hasToken ? IMAGES.body : { bytes: limit, advice: TOKEN_IN_HEAD };
}

/**
 * Throws `payload_too_large` for a body that is larger than a question without images may be, and this not because of long
 * strings: to parse and to check millions of small values would stop the server for seconds.
 */
export function checkBeside(bytes: Buffer, limit: number): void {
  if (bytes.length > limit && isBeyond(bytes, limit)) {
    const detail = `The body may have at most ${limit} bytes besides its texts of more than ${LONG} bytes.`;
    throw new ApiError("payload_too_large", detail);
  }
}

/** Whether JSON has more than `limit` bytes without its long strings. */
function isBeyond(bytes: Buffer, limit: number): boolean {
  let long = 0;
  let at = bytes.indexOf(QUOTE);
  while (at !== -1 && at - long <= limit) {
    const end = endOfString(bytes, at);
    if (end === -1) break;
    if (end - at > LONG) long += end - at;
    at = bytes.indexOf(QUOTE, end + 1);
  }
  return (at === -1 ? bytes.length : at) - long > limit;
}

/** The quote that ends the string which begins at `start`; -1 if there is none. */
function endOfString(bytes: Buffer, start: number): number {
  let end = bytes.indexOf(QUOTE, start + 1);
  while (end !== -1 && isEscaped(bytes, end)) end = bytes.indexOf(QUOTE, end + 1);
  return end;
}

function isEscaped(bytes: Buffer, at: number): boolean {
  let from = at;
  while (bytes[from - 1] === BACKSLASH) from -= 1;
  return (at - from) % 2 === 1;
}
