import { ApiError } from "../core/api-error.ts";
import type { Middleware } from "./context.ts";

const refuse = (detail: string) => new ApiError("invalid_request", detail);

/** Of a second one Node drops the value in silence, while a proxy before it may have gone by that one. */
const ONCE = new Set(["host", "authorization", "content-type"]);

/** The first of these headers that a head has twice. */
function repeated(rawHeaders: string[]): string | undefined {
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? "").toLowerCase();
    if (!ONCE.has(name)) continue;
    if (seen.has(name)) return rawHeaders[at];
    seen.add(name);
  }
  return undefined;
}

/**
 * What Node would refuse with an empty reply: an HTTP/1.1 request without Host (RFC 9112 §3.2), and an Expect that
 * nobody here knows (RFC 9110 §10.1.1). HTTP/1.0 has neither header. And what it would take though nobody can say
 * what it means: two hosts (RFC 9112 §3.2), two tokens, two media types.
 */
export const checkHead: Middleware = async function checkHead(ctx, next) {
  const { httpVersion, headers, rawHeaders } = ctx.req;
  const twice = repeated(rawHeaders);
  if (twice !== undefined) throw refuse(`The header ${twice} came twice. Send it once.`);
  if (httpVersion === "1.1") {
    if (headers.host === undefined) throw refuse("The header Host is missing. Send it with every request.");
    const { expect = "100-continue" } = headers;
    if (expect.toLowerCase() !== "100-continue") {
      throw refuse("The only Expect that this server knows is 100-continue. Send that, or none.");
    }
  }
  await next();
};
