import OpenAI from "openai";
import type { Dispatcher } from "undici";
import { createWholeCharacters } from "../../text/whole-characters.ts";
import type { Provider } from "../core/ports.ts";
import { OPENAI_URL, readBaseUrl } from "./base-url.ts";
import { createLeanFetch, openUpstreamAgent } from "./lean-fetch.ts";
import { readChoice } from "./read-choice.ts";
import { readStream, type Patience } from "./read-stream.ts";
import { requestHeaders } from "./request-headers.ts";
import { NotWhole, upstreamFailure } from "./upstream-failure.ts";

type Request = Parameters<Provider["answer"]>[0];

/** One question, asked by one call. */
interface Asked {
  client: OpenAI;
  model: string;
  request: Request;
  patience: Patience | undefined;
}

/** Disables the package's own deadline of ten minutes: the question's signal has the deadline. Milliseconds. */
const NEVER_MS = 2 ** 31 - 1;

/**
 * Asks OpenAI, or a service with the same chat completions, through the openai package.
 *
 * - `baseUrl`: default OpenAI's. User info in it is sent as Basic authorization if there is no `apiKey`.
 * - `apiKey`: absent for servers that need none.
 * - `dispatcher`: for connections, such as a proxy; the caller closes it. Default: direct connections.
 * - `patience`: see {@link readStream}.
 *
 * Reads nothing from the environment. StartupError for a base URL or a key that cannot be used. Failures: see
 * {@link upstreamFailure}; nothing is retried.
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
  const base = readBaseUrl(baseUrl);
  const agent = dispatcher ? undefined : openUpstreamAgent();
  const client = new OpenAI({
    baseURL: base.address,
    defaultQuery: base.query,
    // The key goes only into our fetch's headers, so that the package cannot show or log it.
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
      try {
        return await (request.onDelta ? streamed : plain)({ client, model, request, patience });
      } catch (error) {
        throw signal.aborted ? signal.reason : error;
      }
    },
    close: async () => agent?.destroy(),
  };
}

async function plain({ client, model, request }: Asked): Promise<string> {
  const { messages, signal } = request;
  try {
    const reply = await client.chat.completions.create({ model, messages }, { signal }).asResponse();
    if (isEventStream(reply)) {
      hangUp(reply);
      throw new NotWhole("the reply to a plain question is an event stream");
    }
    const completion: unknown = await reply.json();
    signal.throwIfAborted();
    const { text, finished } = readChoice(completion, "message");
    if (!finished) throw new NotWhole("the reply is no chat completion with a finish_reason");
    if (isBlank(text)) throw new NotWhole("the answer has no text");
    return text.toWellFormed();
  } catch (error) {
    throw upstreamFailure(error);
  }
}

async function streamed(asked: Asked): Promise<string> {
  const { signal, onDelta } = asked.request;
  const characters = createWholeCharacters();
  let answer = "";
  // Blanks at the beginning wait for text: an answer without text must fail before the head is sent.
  let blanks = "";
  const add = (text: string) => {
    if (text === "") return;
    if (answer === "" && isBlank(text)) {
      blanks += text;
      return;
    }
    const piece = blanks + text;
    blanks = "";
    answer += piece;
    onDelta!(piece);
  };
  for await (const text of texts(asked)) {
    signal.throwIfAborted();
    add(characters.push(text));
  }
  signal.throwIfAborted();
  add(characters.end());
  signal.throwIfAborted();
  if (answer === "") throw upstreamFailure(new NotWhole("the answer has no text"));
  return answer;
}

/** The texts of a stream, none empty, up to the end of a whole answer; ApiError for any other end. */
async function* texts({ client, model, request, patience }: Asked): AsyncGenerator<string> {
  const { messages, signal } = request;
  let reply: Response | undefined;
  try {
    reply = await client.chat.completions.create({ model, messages, stream: true }, { signal }).asResponse();
    if (!reply.body || !isEventStream(reply)) throw new NotWhole("the reply is no event stream");
    const { body } = reply;
    yield* readStream(body, { hangUp: () => void body.cancel(), ...(patience && { patience }) });
  } catch (error) {
    // Else readBody waits for the rest of the body, which the upstream would go on generating.
    if (reply) hangUp(reply);
    throw upstreamFailure(error);
  }
}

/** Closes the connection of a reply whose body is not read to its end. */
const hangUp = ({ body }: Response) => void body?.cancel();

const isEventStream = ({ headers }: Response) =>
  headers.get("content-type")?.startsWith("text/event-stream") === true;

const isBlank = (text: string) => text.trim() === "";
