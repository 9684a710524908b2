import type { ChatCompletionCreateParams } from "openai/resources/chat/completions";
import type { Dispatcher } from "undici";
import type { ApiError } from "../core/api-error.ts";
import type { Message, Provider } from "../core/ports.ts";
import { OPENAI_URL } from "./base-url.ts";
import { exchange } from "./exchange.ts";
import type { Patience } from "./read-stream.ts";
import { Failed } from "./upstream-errors.ts";
import { isRefusal, upstreamFailure } from "./upstream-failure.ts";
import { openUpstream } from "./upstream.ts";

/** After so many refusals in a row, with no answer in between, the questions are not the reason. */
const REFUSALS = 3;

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
  let refusals = 0;

  function failureOf(failure: Failed, messages: Message[]): ApiError {
    const refusesAll = refusals >= REFUSALS;
    if (isRefusal(failure)) refusals += 1;
    const texts = messages.map(({ content }) => content);
    return upstreamFailure(failure, {
      quote: (words) => upstream.quote(words, texts),
      hasVersion: upstream.hasVersion,
      refusesAll,
    });
  }

  return {
    model,
    answer: async (question) => {
      const { messages, signal, onDelta } = question;
      signal.throwIfAborted();
      const body = { model, messages, ...(onDelta && { stream: true }) } satisfies ChatCompletionCreateParams;
      try {
        const answer = await exchange(upstream, JSON.stringify(body), question, patience);
        refusals = 0;
        return answer;
      } catch (error) {
        throw error instanceof Failed ? failureOf(error, messages) : error;
      }
    },
    close: () => upstream.close(),
  };
}
