import type { ChatCompletionCreateParams } from "openai/resources/chat/completions";
import type { Dispatcher } from "undici";
import type { ApiError } from "../core/api-error.ts";
import type { Message, Provider } from "../core/provider.ts";
import type { RelayRequest } from "../core/relay.ts";
import { stringifyExact } from "../../text/exact-json.ts";
import { OPENAI_URL } from "./base-url.ts";
import { exchange, type PassOn, type Reception } from "./exchange.ts";
import { mergeMessages, requestBytes, withoutData } from "./messages.ts";
import type { Patience } from "./read-stream.ts";
import { receiveAnswer } from "./receive-answer.ts";
import { receiveReply } from "./relay/receive-reply.ts";
import { textsIn } from "./relay/texts.ts";
import { Failed } from "./upstream-errors.ts";
import { isRefusal, upstreamFailure, wantsStream } from "./upstream-failure.ts";
import { openUpstream } from "./upstream.ts";

/** A question on its way, which may be sent more than once. */
interface Sending<Answer> {
  request: Pick<RelayRequest, "signal" | "untilRead"> & { onDelta?: unknown };
  /** Its JSON. */
  body: (stream: boolean) => string | Buffer;
  receive: (passOn: PassOn) => Reception<Answer>;
}

/** After so many refusals in a row, with no answer in between, the questions are not the reason. */
const REFUSALS = 3;

const IDLE_MS = 60_000;

/** A name in an error, which is no text of a conversation. */
const NAME = /^[\w.[\]-]{1,100}$/;

interface Known {
  model: string;
  contextChars?: number | undefined;
}

/** Resolves to undefined while nothing more is known. */
export type FindModel = () => Promise<Known | undefined>;

/**
 * Asks OpenAI, or a service with the same chat completions.
 *
 * - `baseUrl`: default OpenAI's. User info in it is sent as Basic authorization if there is no `apiKey`.
 * - `apiKey`: absent for servers that need none.
 * - `contextChars`: see {@link Provider}.
 * - `findModel`: asked before a question, until it resolves to what replaces `model` and `contextChars`.
 * - `headers`, `body`: what the operator adds to each request; it can set neither key nor model nor messages.
 * - `relayBody`: what becomes of the body of a completion; default: it gets `body`.
 * - `dispatcher`: for connections, such as a proxy; the caller closes it. Default: direct connections.
 * - `idleTimeout`: the longest silence once the reply has begun, in milliseconds.
 * - `patience`: see {@link Patience}.
 *
 * Reads nothing from the environment. StartupError for a base URL or a key that cannot be used. Failures: see
 * docs/http-api.md#error-codes. Two kinds are tried once more: a lost connection
 * that was used before, and a plain question of an upstream that wants to stream.
 */
export function openOpenAiProvider({
  baseUrl = OPENAI_URL,
  apiKey,
  model: firstModel,
  contextChars: firstContext,
  findModel,
  headers,
  body: more = {},
  relayBody = (body) => ({ ...body, ...more }),
  dispatcher,
  idleTimeout = IDLE_MS,
  patience,
}: {
  baseUrl?: string | undefined;
  apiKey?: string | undefined;
  model: string;
  contextChars?: number | undefined;
  findModel?: FindModel | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  body?: Readonly<Record<string, unknown>> | undefined;
  relayBody?: ((body: Readonly<Record<string, unknown>>) => Record<string, unknown>) | undefined;
  dispatcher?: Dispatcher | undefined;
  idleTimeout?: number | undefined;
  patience?: Patience | undefined;
}): Provider {
  const silences = { idle: idleTimeout, patience };
  const upstream = openUpstream({ baseUrl, apiKey, headers, dispatcher });
  let known: Known = { model: firstModel, contextChars: firstContext };
  let isFound = findModel === undefined;
  let finding: ReturnType<FindModel> | undefined;
  let refusals = 0;
  /** The upstream answers plain questions only as a stream, too. */
  let onlyStreams = false;

  function failureOf(failure: Failed, messages: Message[]): ApiError {
    const refusesAll = refusals >= REFUSALS;
    if (isRefusal(failure)) refusals += 1;
    const texts = messages.map(({ content }) => content);
    const images = messages.at(-1)?.images ?? [];
    return upstreamFailure(failure, {
      quote: (words) => upstream.quote(withoutData(words, images), texts),
      hasVersion: upstream.hasVersion,
      refusesAll,
    });
  }

  /** Its parameters are the client's: that it is refused says nothing about what the operator set. */
  function relayFailureOf(failure: Failed, { body }: RelayRequest): ApiError {
    const texts = textsIn(body.messages);
    return upstreamFailure(failure, {
      quote: (words) => (texts || NAME.test(words) ? upstream.quote(words, texts ?? []) : ""),
      hasVersion: upstream.hasVersion,
      refusesAll: false,
    });
  }

  /** Questions that come meanwhile wait for the same answer. */
  async function updateModel(): Promise<void> {
    finding ??= findModel?.();
    const found = await finding;
    finding = undefined;
    if (found === undefined) return;
    known = found;
    isFound = true;
  }

  async function send<Answer>({ request, body, receive }: Sending<Answer>, stream: boolean): Promise<Answer> {
    const bytes = body(stream);
    try {
      return await exchange(upstream, bytes, request, silences, receive);
    } catch (error) {
      if (!(error instanceof Failed) || !error.stale) throw error;
      upstream.renew(error.stale);
      return exchange(upstream, bytes, request, silences, receive);
    }
  }

  async function sendPlain<Answer>(sending: Sending<Answer>): Promise<Answer> {
    try {
      return await send(sending, onlyStreams);
    } catch (error) {
      const wasStream = onlyStreams;
      if (error instanceof Failed) onlyStreams = false;
      if (wasStream || !(error instanceof Failed) || !wantsStream(error)) throw error;
    }
    const answer = await send(sending, true);
    onlyStreams = true;
    return answer;
  }

  const ask = <Answer>(sending: Sending<Answer>): Promise<Answer> => {
    sending.request.signal.throwIfAborted();
    return sending.request.onDelta ? send(sending, true) : sendPlain(sending);
  };

  return {
    get model() {
      return known.model;
    },
    get contextChars() {
      return known.contextChars;
    },
    get learn() {
      return isFound ? undefined : updateModel;
    },
    answer: async (question) => {
      const body = (stream: boolean) => {
        const own = {
          model: known.model,
          messages: mergeMessages(question.messages),
          ...(stream && { stream }),
        } satisfies ChatCompletionCreateParams;
        // Not a spread, for the reason in form-batch.ts.
        return requestBytes(Object.assign({}, more, own));
      };
      try {
        const answer = await ask({ request: question, body, receive: receiveAnswer(question) });
        refusals = 0;
        return answer;
      } catch (error) {
        throw error instanceof Failed ? failureOf(error, question.messages) : error;
      }
    },
    relay: async (request) => {
      const body = (stream: boolean) =>
        stringifyExact({ ...relayBody(request.body), model: known.model, ...(stream && { stream }) });
      try {
        return await ask({ request, body, receive: receiveReply(request) });
      } catch (error) {
        throw error instanceof Failed ? relayFailureOf(error, request) : error;
      }
    },
    close: () => upstream.close(),
  };
}
