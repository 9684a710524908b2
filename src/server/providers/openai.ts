import type { ChatCompletionCreateParams } from "openai/resources/chat/completions";
import type { Dispatcher } from "undici";
import type { Provider } from "../core/ports.ts";
import { OPENAI_URL } from "./base-url.ts";
import { exchange } from "./exchange.ts";
import type { Patience } from "./read-stream.ts";
import { openUpstream } from "./upstream.ts";

/**
 * Asks OpenAI, or a service with the same chat completions.
 *
 * - `baseUrl`: default OpenAI's. User info in it is sent as Basic authorization if there is no `apiKey`.
 * - `apiKey`: absent for servers that need none.
 * - `dispatcher`: for connections, such as a proxy; the caller closes it. Default: direct connections.
 * - `patience`: see {@link Patience}.
 *
 * Reads nothing from the environment. StartupError for a base URL or a key that cannot be used. Failures: see
 * docs/http-api.md#error-codes; nothing is retried.
 */
export function openOpenAiProvider({
  baseUrl = OPENAI_URL,
  apiKey,
  model,
  dispatcher,
  patience,
}: {
  baseUrl?: string | undefined;
  apiKey?: string | undefined;
  model: string;
  dispatcher?: Dispatcher | undefined;
  patience?: Patience | undefined;
}): Provider {
  const upstream = openUpstream({ baseUrl, apiKey, dispatcher });
  return {
    model,
    answer: async (question) => {
      const { messages, signal, onDelta } = question;
      signal.throwIfAborted();
      const body = { model, messages, ...(onDelta && { stream: true }) } satisfies ChatCompletionCreateParams;
      return exchange(upstream, JSON.stringify(body), question, patience);
    },
    close: () => upstream.close(),
  };
}
