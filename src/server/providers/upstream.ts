import { buildConnector, Pool, type Dispatcher } from "undici";
import { readBaseUrl } from "./base-url.ts";
import { createQuote, type Quote } from "./quote.ts";
import { requestHeaders } from "./request-headers.ts";
import { skipContinue } from "./skip-continue.ts";
import { upstreamSecrets } from "./upstream-secrets.ts";

/** The most time for connecting to an upstream, in milliseconds. */
const CONNECT_MS = 10_000;

/** Where questions go. */
export interface Upstream {
  /** Sends a question's body; `handler` gets the reply, without any time limit. Returns where it was sent. */
  post(body: string | Buffer, handler: Dispatcher.DispatchHandler): Dispatcher;
  /** To be called in `onRequestStart`: whether the connection was used before, as far as can be known. */
  startsOnUsed(): boolean;
  /** Sends later questions over new connections, unless that was done since `from` was used. */
  renew(from: Dispatcher): void;
  /** Whether the base URL ends in `/v1` or the like. */
  hasVersion: boolean;
  /** What of an upstream's words may be logged. */
  quote: Quote;
  /** Closes its own connections. */
  close(): Promise<void>;
}

/**
 * Opens the chat completions at a base URL. Everything but the body is made once. Without a `dispatcher` (the caller's,
 * such as a proxy) it keeps a pool of direct connections. StartupError for a base URL or a key that cannot be used.
 */
export function openUpstream({
  baseUrl,
  apiKey,
  headers: more = {},
  dispatcher,
}: {
  baseUrl: string;
  apiKey: string | undefined;
  /** The operator's own. */
  headers: Readonly<Record<string, string>> | undefined;
  dispatcher: Dispatcher | undefined;
}): Upstream {
  const { address, search, authorization } = readBaseUrl(baseUrl);
  const { origin, pathname } = new URL(`${address}/chat/completions`);
  const headers = Object.entries(requestHeaders(apiKey, authorization, more)).flat();
  const path = pathname + search;
  const unlimited = { headersTimeout: 0, bodyTimeout: 0 };
  const connect = createConnector();
  let isFresh = false;
  const openPool = () =>
    // The question that made undici connect starts in the same moment.
    new Pool(origin, { connect }).on("connect", () => (isFresh = true));
  let own = dispatcher ? undefined : openPool();
  const retired = new Map<Pool, Promise<unknown>>();

  return {
    hasVersion: /\/v\d\w*$/.test(address),
    quote: createQuote(upstreamSecrets({ baseUrl, apiKey, headers: more })),
    post(body, handler) {
      const way = (dispatcher ?? own)!;
      way.dispatch({ origin, path, method: "POST", headers, body, ...unlimited }, handler);
      return way;
    },
    startsOnUsed() {
      const isUsed = own !== undefined && !isFresh;
      isFresh = false;
      return isUsed;
    },
    renew(from) {
      if (!own || from !== own) return;
      const old = own;
      own = openPool();
      retired.set(
        old,
        old.close().then(() => retired.delete(old)),
      );
    },
    async close() {
      const pools = own ? [own, ...retired.keys()] : [];
      await Promise.all(pools.map((pool) => pool.destroy()));
    },
  };
}

function createConnector(): buildConnector.connector {
  const connect = buildConnector({ timeout: CONNECT_MS });
  return (options, done) =>
    connect(options, (...result) => {
      if (result[1]) skipContinue(result[1]);
      done(...result);
    });
}
