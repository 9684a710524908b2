import OpenAI from "openai";
import type { Dispatcher } from "undici";
import type { Provider } from "../core/ports.ts";
import { OPENAI_URL, readBaseUrl } from "./base-url.ts";
import { createLeanFetch, openUpstreamAgent } from "./lean-fetch.ts";
import { requestHeaders } from "./request-headers.ts";
import { NotWhole, upstreamFailure } from "./upstream-failure.ts";

type Request = Parameters<Provider["answer"]>[0];

/** A stream that gave its `finish_reason` but does not end is taken as whole after this many milliseconds. */
const LINGER_MS = 1000;
/** The question's deadline comes by its signal: the package's own (ten minutes) is put out of the way. */
const NEVER_MS = 2 ** 31 - 1;

/**
 * Answers through the openai package, against OpenAI or whatever speaks its chat completions.
 *
 * - `baseUrl`: default OpenAI's. User info in it is sent as Basic authorization where there is no `apiKey`.
 * - `apiKey`: absent for servers that need none.
 * - `dispatcher`: the way to the upstream (a proxy); the caller closes it. Default: straight, closed by `close`.
 *
 * Reads nothing from the environment. StartupError for a base URL or a key that cannot be used. Failures: see
 * {@link upstreamFailure}; no try is repeated.
 */
export function openOpenAiProvider({
  baseUrl = OPENAI_URL,
  apiKey,
  model,
  dispatcher,
}: {
  baseUrl?: string | undefined;
  apiKey?: string | undefined;
  model: string;
  dispatcher?: Dispatcher | undefined;
}): Provider {
  const base = readBaseUrl(baseUrl);
  const agent = dispatcher ? undefined : openUpstreamAgent();
  const client = new OpenAI({
    baseURL: base.address,
    defaultQuery: base.query,
    // The key goes straight into our fetch's headers, so that nothing of the package can show or log it.
    apiKey: "unused",
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: "off",
    maxRetries: 0,
    timeout: NEVER_MS,
    fetch: createLeanFetch((dispatcher ?? agent)!, requestHeaders(apiKey, base.authorization)),
  });

  return {
    model,
    answer: async (request) => {
      const { signal } = request;
      signal.throwIfAborted();
      const call = new AbortController();
      const hangUp = () => call.abort();
      signal.addEventListener("abort", hangUp, { once: true });
      try {
        return await (request.onDelta ? streamed : plain)(client, model, request, call);
      } catch (error) {
        hangUp();
        throw signal.aborted ? signal.reason : error;
      } finally {
        signal.removeEventListener("abort", hangUp);
      }
    },
    close: async () => agent?.destroy(),
  };
}

async function plain(
  client: OpenAI,
  model: string,
  { messages, signal }: Request,
  call: AbortController,
): Promise<string> {
  try {
    const completion = await client.chat.completions.create({ model, messages }, { signal: call.signal });
    signal.throwIfAborted();
    const choice = firstChoice(completion.choices);
    if (!hasFinished(choice)) throw new NotWhole("the reply is no chat completion with a finish_reason");
    const text = textOf(choice?.message);
    if (isBlank(text)) throw new NotWhole("the answer has no text");
    return text;
  } catch (error) {
    throw upstreamFailure(error);
  }
}

async function streamed(
  client: OpenAI,
  model: string,
  request: Request,
  call: AbortController,
): Promise<string> {
  const { signal, onDelta } = request;
  let answer = "";
  // Blanks at the beginning wait for text: an answer that has none must fail before its head is sent.
  let waiting = "";
  for await (const piece of pieces(client, model, request, call)) {
    signal.throwIfAborted();
    waiting += piece;
    if (answer === "" && isBlank(waiting)) continue;
    answer += waiting;
    onDelta!(waiting);
    waiting = "";
  }
  signal.throwIfAborted();
  if (answer === "") throw upstreamFailure(new NotWhole("the answer has no text"));
  return answer;
}

/** The texts of a stream, none empty. Ends only after a `finish_reason`: without one the package ends its loop normally too. */
async function* pieces(
  client: OpenAI,
  model: string,
  { messages }: Request,
  call: AbortController,
): AsyncGenerator<string> {
  let linger: NodeJS.Timeout | undefined;
  try {
    const { data: stream, response } = await client.chat.completions
      .create({ model, messages, stream: true }, { signal: call.signal })
      .withResponse();
    if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
      throw new NotWhole("the reply is no event stream");
    }
    for await (const event of stream) {
      const choice = firstChoice(event.choices);
      const text = textOf(choice?.delta);
      if (text !== "") yield text;
      // Some upstreams name a reason in every event, so the stream is read to its end.
      if (hasFinished(choice)) linger ??= setTimeout(() => call.abort(), LINGER_MS);
    }
  } catch (error) {
    if (!linger) throw upstreamFailure(error);
  } finally {
    clearTimeout(linger);
  }
  if (!linger) throw upstreamFailure(new NotWhole("the stream ended without a finish_reason"));
}

const isBlank = (text: string) => text.trim() === "";

/** Nothing of an upstream's JSON is certain, whatever its type says. */
function firstChoice<T extends { index: number }>(choices: T[] | undefined): T | undefined {
  return Array.isArray(choices) ? choices.find((choice) => (choice?.index ?? 0) === 0) : undefined;
}

const hasFinished = (choice: { finish_reason?: unknown } | undefined) =>
  typeof choice?.finish_reason === "string" && choice.finish_reason !== "";

/** A refusal is the answer where there is no other. */
function textOf(message: { content?: unknown; refusal?: unknown } | null | undefined): string {
  const { content, refusal } = message ?? {};
  if (typeof content === "string" && content !== "") return content;
  return typeof refusal === "string" ? refusal : "";
}
