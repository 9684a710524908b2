import { Pool, type Dispatcher } from "undici";
import { readBaseUrl } from "./base-url.ts";
import { createQuote, type Quote } from "./quote.ts";
import { requestHeaders } from "./request-headers.ts";

/** The most time for connecting to an upstream, in milliseconds. */
const CONNECT_MS = 10_000;

/** Where questions go. */
export interface Upstream {
  /** Sends a question's body; `handler` gets the reply, without any time limit. */
  post(body: string, handler: Dispatcher.DispatchHandler): void;
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
  dispatcher,
}: {
  baseUrl: string;
  apiKey: string | undefined;
  dispatcher: Dispatcher | undefined;
}): Upstream {
  const { address, search, authorization, secrets } = readBaseUrl(baseUrl);
  const { origin, pathname } = new URL(`${address}/chat/completions`);
  const headers = Object.entries(requestHeaders(apiKey, authorization)).flat();
  const path = pathname + search;
  const unlimited = { headersTimeout: 0, bodyTimeout: 0 };
  const pool = dispatcher ? undefined : new Pool(origin, { connect: { timeout: CONNECT_MS } });
  const way = (dispatcher ?? pool)!;
  return {
    hasVersion: /\/v\d\w*$/.test(address),
    quote: createQuote([...secrets, apiKey?.trim() ?? ""]),
    post: (body, handler) =>
      void way.dispatch({ origin, path, method: "POST", headers, body, ...unlimited }, handler),
    close: async () => pool?.destroy(),
  };
}
