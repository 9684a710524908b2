import { Agent, type Dispatcher, request } from "undici";
import { closeBody, readBody, textOf } from "./reply-body.ts";

/** The most time for connecting to an upstream, in milliseconds. */
const CONNECT_MS = 10_000;

/** Codes and names of errors that come only after a connection was made. */
const LOST = /^(ECONNRESET|EPIPE|UND_ERR_SOCKET|UND_ERR_HEADERS_OVERFLOW|HPE_.*|HTTPParserError)$/;

/**
 * The upstream sent no head. `lost`: the connection was made, and lost. Its message is neutral, because the openai package
 * replaces an error whose text looks like a timeout by one without a cause.
 */
export class NoReply extends Error {
  override readonly name = "NoReply";
  readonly lost: boolean;
  /** undici's or the system's code, else the error's name; for the log. */
  readonly code: string;

  constructor(error: unknown) {
    super("no reply");
    const { code, name, message } = error as { code?: unknown; name?: unknown; message?: unknown };
    this.code = [code, name].find((value) => typeof value === "string") ?? "unknown";
    const inHandshake = String(message).includes("before secure TLS connection");
    this.lost = LOST.test(this.code) && !inHandshake;
  }
}

/** Direct connections to an upstream, kept alive between questions. */
export function openUpstreamAgent(): Agent {
  return new Agent({ connect: { timeout: CONNECT_MS }, headersTimeout: 0, bodyTimeout: 0 });
}

/**
 * The part of `fetch` that the openai package uses, on undici's `request`: a question takes less than half the CPU that it
 * takes with the global `fetch`. Sends `headers` and none of the package's own, some of which come from the
 * environment. Follows no redirect, decompresses nothing, reads a body as {@link readBody} does, closes the connection at
 * `body.cancel()`, and has no deadline but the signal. Rejects with {@link NoReply} if no head came.
 */
export function createLeanFetch(dispatcher: Dispatcher, headers: Record<string, string>): typeof fetch {
  const leanFetch = async (url: string, init: RequestInit) => {
    const { signal } = init;
    const reply = await request(url, {
      dispatcher,
      method: init.method as Dispatcher.HttpMethod,
      headers,
      body: init.body as string,
      signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    }).catch((error: unknown) => {
      throw signal?.aborted ? error : new NoReply(error);
    });
    return responseLike(url, reply);
  };
  return leanFetch as unknown as typeof fetch;
}

function responseLike(url: string, { statusCode, headers, body }: Dispatcher.ResponseData) {
  const pieces = readBody(body);
  const text = () => textOf(pieces);
  return {
    url,
    status: statusCode,
    ok: statusCode >= 200 && statusCode < 300,
    headers: new Map(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    body: Object.assign(pieces, { cancel: async () => closeBody(body) }),
    text,
    json: async (): Promise<unknown> => JSON.parse(await text()),
  };
}
