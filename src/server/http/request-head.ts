import { ApiError } from "../core/api-error.ts";
import type { Middleware } from "./context.ts";

const refuse = (detail: string) => new ApiError("invalid_request", detail);

/**
 * What Node would refuse with an empty reply: an HTTP/1.1 request without Host (RFC 9112 §3.2), and an Expect that
 * nobody here knows (RFC 9110 §10.1.1). HTTP/1.0 has neither header.
 */
export const checkHead: Middleware = async function checkHead(ctx, next) {
  const { httpVersion, headers } = ctx.req;
  if (httpVersion === "1.1") {
    if (headers.host === undefined) throw refuse("The header Host is missing. Send it with every request.");
    const { expect = "100-continue" } = headers;
    if (expect.toLowerCase() !== "100-continue") {
      throw refuse("The only Expect that this server knows is 100-continue. Send that, or none.");
    }
  }
  await next();
};
