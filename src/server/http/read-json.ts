import type { IncomingMessage } from "node:http";
import { createBrotliDecompress, createUnzip, type BrotliDecompress, type Unzip } from "node:zlib";
import { koaBody } from "koa-body";
import { ApiError } from "../core/api-error.ts";
import { ClientGone } from "../core/client-gone.ts";
import type { Context, Middleware } from "./context.ts";
import { isUtf8Json } from "./media-type.ts";
import type { Budget } from "./budget.ts";
import { bytesIn, Incoming, readBody, tooLarge, type BodyLimit } from "./read-body.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

const unsupported = (detail: string) => new ApiError("unsupported_media_type", detail);
const notUtf8 = () => new ApiError("invalid_json", "The body is not valid UTF-8. Send JSON in UTF-8.");
const notJson = () => new ApiError("invalid_json", "The body is not valid JSON. Send one JSON object.");
const tooDeep = () =>
  new ApiError("invalid_request", "The body has too many lists and objects inside each other.");
const notUnpacked = () =>
  new ApiError("invalid_json", "The body cannot be unpacked. Send it whole, as its Content-Encoding says.");

/** `authenticate` and `authenticateHead` come before the body. */
const isStranger = ({ state }: Context) => state.claims === undefined;

const hasBody = ({ headers }: IncomingMessage) =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;

function checkMediaType(ctx: Context): void {
  const { "transfer-encoding": coding = "chunked", "content-type": type } = ctx.req.headers;
  if (coding.toLowerCase() !== "chunked") {
    throw unsupported("The only Transfer-Encoding is chunked. Send a packed body with Content-Encoding.");
  }
  if (type === undefined || !isUtf8Json(type)) {
    throw unsupported("The body must be JSON in UTF-8. Send it with Content-Type: application/json.");
  }
  // What koa-body would not read either.
  if (type !== "application/json" && ctx.request.is("*/*") === false) {
    throw unsupported("The Content-Type of the body is not well formed.");
  }
}

/** Replaces an error of koa-body, which can contain the body. */
function readingError(error: Error & { type?: string; code?: string }, limit: BodyLimit): Error {
  // What the unpacker was destroyed with.
  if (error instanceof ApiError || error instanceof ClientGone) return error;
  if (error.type === "entity.too.large") return tooLarge(limit);
  if (error.type === "request.aborted") return new ClientGone();
  if (error.code?.startsWith("Z_") || error.code?.startsWith("ERR_")) return notUnpacked();
  return new Error(`The body could not be read: ${error.message}`);
}

/** A stream that unpacks this Content-Encoding; undefined if the body is not packed. */
function unpackerOf(encoding = "identity"): Unzip | BrotliDecompress | undefined {
  switch (encoding.toLowerCase()) {
    case "identity":
      return undefined;
    case "gzip":
    case "x-gzip":
    case "deflate":
      return createUnzip();
    case "br":
      return createBrotliDecompress();
    default:
      throw unsupported("The Content-Encoding must be gzip, deflate or br, or absent.");
  }
}

/** Refuses malformed UTF-8: replacing it would make different passwords equal. */
function parseObject(bytes: Buffer, parse: (text: string) => unknown): Record<string, unknown> {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw notUtf8();
  }
  if (text === "") return {};
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw error instanceof RangeError ? tooDeep() : notJson();
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ApiError("invalid_request", "The body must be a JSON object.");
  }
  return value as Record<string, unknown>;
}

/**
 * Reads a JSON object of at most `mostBytes(ctx)` unpacked bytes into `ctx.state.body`; without a body it is `{}`. Checks media
 * type, size and JSON, in this order (docs/http-api.md#order-of-checks); `check` throws if bytes should not be parsed, and
 * `parse` reads them. Its bytes are counted in `ctx.state.buffered`; the first step gives them back.
 */
export function readJson(
  budget: Budget,
  mostBytes: (ctx: Context) => BodyLimit,
  check?: (bytes: Buffer) => void,
  parse: (text: string) => unknown = JSON.parse,
): Middleware {
  // koa-body's JSON would replace malformed UTF-8. Read as text with an empty encoding, the body comes as bytes.
  const reader = (textLimit: number) =>
    koaBody({
      encoding: "",
      json: false,
      urlencoded: false,
      multipart: false,
      textTypes: ["*/*"],
      textLimit,
    });

  /** Unpacked not by koa-body: it goes on unpacking after a refusal, and ends the process at the next invalid byte. */
  async function readUnpacked(
    ctx: Context,
    unpacker: Unzip | BrotliDecompress,
    limit: BodyLimit,
  ): Promise<Buffer> {
    const { req } = ctx;
    const headers = { ...req.headers, "content-length": undefined, "content-encoding": undefined };
    const incoming = new Incoming(req, {
      budget,
      isStranger: isStranger(ctx),
      fail: (error) => {
        incoming.giveUp();
        unpacker.destroy(error);
      },
    });
    const came = (piece: Buffer) => incoming.came(piece.length);
    const hold = (piece: Buffer) => {
      if (!unpacker.destroyed) incoming.hold(piece.length);
    };
    const unpacked = Object.assign(req.on("data", came).pipe(unpacker), { headers });
    // What is unpacked comes from another thread: koa-body listens by then.
    unpacker.on("data", hold);
    req.once("close", () => {
      if (!req.complete) unpacker.destroy(new ClientGone());
    });
    let isWhole = false;
    try {
      await reader(bytesIn(limit))(
        Object.create(ctx, { req: { value: unpacked } }) as Context,
        async () => {},
      );
      isWhole = true;
      return (ctx.request as unknown as { body: Buffer }).body;
    } finally {
      req.off("data", came);
      unpacker.off("data", hold).destroy();
      if (isWhole) incoming.finish();
      else incoming.giveUp();
    }
  }

  function bytesOf(ctx: Context): Buffer | Promise<Buffer> {
    const limit = mostBytes(ctx);
    const unpacker = unpackerOf(ctx.req.headers["content-encoding"]);
    if (!unpacker) return readBody(ctx.req, limit, { budget, isStranger: isStranger(ctx) });
    return readUnpacked(ctx, unpacker, limit).catch((error: Error) => {
      throw readingError(error, limit);
    });
  }

  return async function readJson(ctx, next): Promise<void> {
    ctx.state.body = {};
    if (hasBody(ctx.req)) {
      checkMediaType(ctx);
      const bytes = await bytesOf(ctx);
      ctx.state.buffered = bytes.length;
      if (ctx.state.arrived !== undefined) ctx.state.arrived = performance.now();
      check?.(bytes);
      ctx.state.body = parseObject(bytes, parse);
    }
    return next();
  };
}
