import type { Middleware } from "../context.ts";
import { safeHeaders } from "../reply-headers.ts";
import { headOf, placeIn } from "../reply.ts";
import type { StaticFile } from "./open.ts";

/**
 * Headers of every page, in place of {@link safeHeaders} and of those for other origins: a browser asks each time whether it
 * has changed, runs only the script of this server, and loads nothing from elsewhere.
 */
const pageHeaders = [
  "Cache-Control",
  "no-cache",
  "X-Content-Type-Options",
  "nosniff",
  "Content-Security-Policy",
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  "Referrer-Policy",
  "no-referrer",
  "Cross-Origin-Opener-Policy",
  "same-origin",
] as const;

/** Whether an If-None-Match names this weak tag (RFC 9110 §13.1.2). */
const hasTag = (header: string | undefined, etag: string) =>
  header !== undefined &&
  (header.trim() === "*" || header.split(",").some((tag) => tag.trim().replace(/^(?:W\/)?/, "W/") === etag));

/**
 * The handler of a file of a page. With a slash at its end, the path leads to the one without: relative addresses in the file
 * would be wrong there.
 */
export function sendPage(path: string, file: StaticFile, vary?: string): Middleware {
  const send = sendFile(file, vary);
  return async function sendPage(ctx, next) {
    const head = headOf(ctx.res);
    head.splice(placeIn(head, safeHeaders[0]), head.length, ...pageHeaders);
    if (ctx.path === path) return send(ctx, next);
    head.push("Location", `..${path}`);
    ctx.state.reply = { status: 308 };
  };
}

/** The handler of a file. A client that keeps it asks each time whether it has changed. */
export function sendFile(file: StaticFile, vary = "Accept-Encoding"): Middleware {
  const { type, bytes, packed, etag } = file;
  return async function sendFile(ctx) {
    const head = headOf(ctx.res);
    head[placeIn(head, "Cache-Control") + 1] = "no-cache";
    head.push("ETag", etag, "Vary", vary);
    if (hasTag(ctx.req.headers["if-none-match"], etag)) {
      ctx.state.reply = { status: 304 };
      return;
    }
    const isPacked = ctx.acceptsEncodings("gzip", "identity") === "gzip";
    if (isPacked) head.push("Content-Encoding", "gzip");
    ctx.state.reply = { status: 200, content: { type, text: isPacked ? await packed() : bytes } };
  };
}
