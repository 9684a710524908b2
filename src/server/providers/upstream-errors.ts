// The package's index loads 8 times as much.
import { APIConnectionError } from "openai/core/error";
import type { Dispatcher } from "undici";
import type { AiFailure } from "../core/ai-calls.ts";

/** Codes and names of errors that come only after a connection was made. */
export const LOST =
  /^(ECONNRESET|EPIPE|UND_ERR_SOCKET|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|ERR_ASSERTION|HPE_.*|HTTPParserError)$/;

/** Codes of errors that may come from a connection that was closed while it was idle. */
const CLOSED = /^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/;

/** The upstream replied, but its answer is not whole (docs/http-api.md#whole-answers). The message is for the log. */
export class NotWhole extends Error {
  override readonly name = "NotWhole";
  /** What the person who asked is told, if that is more than that the answer is not whole. */
  readonly detail: string | undefined;
  readonly kind: AiFailure;

  constructor(message: string, { detail, kind = "answer" }: { detail?: string; kind?: AiFailure } = {}) {
    super(message);
    this.detail = detail;
    this.kind = kind;
  }
}

/** A reply, or an event of one, is longer than we read. */
export class ReplyTooLong extends Error {
  override readonly name = "ReplyTooLong";
  constructor(what: string, limit: string) {
    super(`${what} is longer than ${limit}`);
  }
}

/** The upstream's reply has begun, and nothing more of it came for so long. */
export class IdleTooLong extends Error {
  override readonly name = "IdleTooLong";
  constructor(milliseconds: number) {
    super(`nothing of the upstream's reply came for ${milliseconds / 1000} s`);
  }
}

/** The upstream sent no head. */
export class NoReply extends APIConnectionError {
  /** The connection was made, and lost. */
  readonly lost: boolean;
  /** undici's or the system's code, else the error's name; for the log. */
  override readonly code: string;
  /** If a proxy failed: how, in words that follow "the proxy …". */
  readonly proxy: string | undefined;
  /** The connection may have been closed before the question was sent. */
  readonly mayBeStale: boolean;

  constructor(error: unknown) {
    super({});
    this.code = codeOf(error);
    const words = String((error as { message?: unknown }).message);
    const inHandshake = words.includes("before secure TLS connection");
    // Of src/cli/connection/proxy-pool.ts; and what undici itself makes of a 407.
    if (this.code === "PROXY_FAILED") this.proxy = words;
    else if (this.code === "UND_ERR_INVALID_ARG" && /^Proxy .*\(407\)/.test(words))
      this.proxy = "requires a login (407)";
    this.mayBeStale = CLOSED.test(this.code) && !inHandshake;
    this.lost = LOST.test(this.code) && !inHandshake;
  }
}

/** Why an exchange failed, and how far it had come. */
export class Failed extends Error {
  override readonly name = "Failed";
  override readonly cause: unknown;
  /** Whether any text of an answer had come. */
  readonly hasText: boolean;
  /** Where it was sent, if a connection that had been used before was lost before anything of the reply came. */
  readonly stale: Dispatcher | undefined;

  constructor(cause: unknown, hasText: boolean, stale: Dispatcher | undefined) {
    super("the exchange with the upstream failed");
    this.cause = cause;
    this.hasText = hasText;
    this.stale = stale;
  }
}

/** undici's or the system's code of an error, else its name; for the log. */
export function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return [code, name].find((value) => typeof value === "string") ?? "unknown";
}
