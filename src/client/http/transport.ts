import { Agent, request, type Dispatcher } from "undici";
import { ClientError } from "../failure.ts";
import { createConnecting } from "./connecting.ts";
import { connectTime, openConnections, type Clocks, type OpenDispatcher } from "./connections.ts";
import { waitForHead } from "./head-wait.ts";
import { interruptible } from "./interruptible.ts";
import { networkError } from "./network-error.ts";
import { hugeReply } from "./bad-reply.ts";
import { followed, isRedirect } from "./redirect.ts";
import { watchSockets } from "./reused-sockets.ts";
import { endpoint } from "./server-url.ts";
import { unpacked } from "./unpacked.ts";

/** Most redirects that are followed for one call (docs/cli.md#redirects). */
const REDIRECTS = 3;
/** Largest body that is read whole, in bytes. An answer as JSON is much smaller. */
const LARGEST_BODY = 16 * 1024 * 1024;

export interface Call {
  method: "GET" | "POST" | "DELETE";
  /** As in `protocol/routes.ts`, without its trailing slash. */
  path: string;
  /** Query of the URL, without its question mark. */
  query?: string;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  signal?: AbortSignal;
  /** A question may be charged once it was sent; a failure then says so. */
  question?: boolean;
  /** Seconds; default: that of the transport. */
  silence?: number;
  /**
   * Called when the connection may be dead: it was used before, and brought no reply within 5 s. Later requests use a new
   * one.
   */
  onStall?: () => void;
}

export interface Reply {
  status: number;
  /** A header's value; several are joined by a comma. */
  header(name: string): string | undefined;
  /** The body without a byte order mark: its first `bytes`, or all of it; then a body over 16 MiB is `bad_reply`. */
  text(bytes?: number): Promise<string>;
  /** The body as it arrives. Leaving the loop closes the connection. */
  pieces(): AsyncGenerator<Uint8Array, void, undefined>;
}

export interface Transport {
  /** Sends one call and follows redirects within the server. Rejects only with `ClientError`. */
  send(call: Call): Promise<Reply>;
  close(): Promise<void>;
}

interface TransportOptions {
  server: string;
  /** For a proxy. */
  openDispatcher?: OpenDispatcher;
  clocks?: Partial<Clocks>;
  /** Longest silence of the server in seconds. */
  silence: number;
  userAgent: string;
}

function noAnswer(server: string, { question }: Call, silence: number): ClientError {
  return new ClientError("timeout", `${server} sent no answer within ${silence} s.`, {
    charged: question === true ? "maybe" : "no",
  });
}

/**
 * HTTP to one server by undici: a bound on connecting and on silence, redirects by hand (only to the same scheme,
 * host and port, with the same method and body), failures as `ClientError`.
 */
export function createTransport(options: TransportOptions): Transport {
  const connect = connectTime(options.silence);
  const connecting = createConnecting(connect * 1000);
  const openStraight: OpenDispatcher = (limits) => new Agent({ connect: connecting.connect, ...limits });
  const connections = openConnections(options.openDispatcher ?? openStraight, options.clocks);
  const sockets = watchSockets();

  const once = async (url: string, call: Call, silence: number): Promise<Dispatcher.ResponseData> => {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const headers: Record<string, string> = {
      accept: "application/json",
      "user-agent": options.userAgent,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...call.headers,
    };
    const { method } = call;
    const timeout = silence * 1000;
    const { onStall } = call;
    const stalled = () => {
      connections.renew();
      onStall?.();
    };
    const head = waitForHead({
      silence: timeout,
      reason: () => noAnswer(options.server, call, silence),
      onStall: onStall && stalled,
    });
    const signal = call.signal ? AbortSignal.any([call.signal, head.signal]) : head.signal;
    const start = () =>
      request(url, {
        method,
        headers,
        body,
        signal,
        dispatcher: connections.current(),
        headersTimeout: timeout,
        bodyTimeout: timeout,
        onInfo: head.interim,
      });
    try {
      return await interruptible(sockets.follow(start, head.sent), signal);
    } finally {
      head.end();
    }
  };

  const send = async (call: Call): Promise<Reply> => {
    const silence = call.silence ?? options.silence;
    const attempt = {
      server: options.server,
      question: call.question ?? false,
      silence,
      connect,
      signal: call.signal,
    };
    const failed = (error: unknown) => networkError(error, attempt);
    if (call.signal?.aborted === true) throw new ClientError("interrupted", "Interrupted.");
    let url = endpoint(options.server, call.path) + (call.query === undefined ? "" : `?${call.query}`);
    for (let left = REDIRECTS; ; left -= 1) {
      const response = await once(url, call, silence).catch((error: unknown) => {
        throw failed(error);
      });
      // Destroying a body emits an error. Whoever reads the body gets it; without a listener it would end the process.
      response.body.on("error", () => {});
      if (!isRedirect(response.statusCode)) return reply(response, call, failed);
      response.body.destroy();
      const location = single(response.headers.location);
      url = followed({ location, from: url, server: options.server, path: call.path, left });
    }
  };

  const reply = (
    response: Dispatcher.ResponseData,
    call: Call,
    failed: (error: unknown) => ClientError,
  ): Reply => {
    const body = unpacked(response.body, single(response.headers["content-encoding"]));
    async function* pieces(): AsyncGenerator<Uint8Array, void, undefined> {
      try {
        for await (const piece of body) yield piece as Uint8Array;
      } catch (error) {
        throw failed(error);
      }
    }
    const text = async (bytes?: number): Promise<string> => {
      const read: Uint8Array[] = [];
      let length = 0;
      for await (const piece of pieces()) {
        read.push(piece);
        length += piece.length;
        if (length > (bytes ?? LARGEST_BODY)) break;
      }
      if (bytes === undefined && length > LARGEST_BODY)
        throw hugeReply(options.server, call.question === true ? "maybe" : "no");
      // A parser may ignore a byte order mark (RFC 8259 §8.1); the decoder drops it.
      return new TextDecoder().decode(Buffer.concat(read).subarray(0, bytes));
    };
    return {
      status: response.statusCode,
      header: (name) => single(response.headers[name.toLowerCase()]),
      pieces,
      text,
    };
  };

  const close = async () => {
    sockets.close();
    await connections.close();
    connecting.close();
  };
  return { send, close };
}

const single = (value: string | string[] | undefined) => (Array.isArray(value) ? value.join(", ") : value);
