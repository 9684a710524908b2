import { createParser } from "eventsource-parser";
import { createWholeCharacters } from "../../text/whole-characters.ts";
import { MODEL_CHARACTERS } from "../../protocol/limits.ts";
import { headers } from "../../protocol/replies.ts";
import { ClientError } from "../failure.ts";
import type { AnswerEvent } from "./contract.ts";
import { badReply, hugeReply } from "./bad-reply.ts";
import { problemError } from "./reply-error.ts";
import { parsed, record, told as countIn } from "../../text/loose-json.ts";
import { oneLine } from "../../text/sanitize.ts";
import type { Reply } from "./transport.ts";

/** Longest answer, and longest single event, in characters; `done` holds the whole answer. */
const LONGEST = 16 * 1024 * 1024;
/** What a piece of an answer takes in memory besides its text, in characters. */
const PIECE = 16;
/** Longest stream in bytes, whatever is in it: an answer of {@link LONGEST} takes less, however its characters are written. */
const STREAM_BYTES = 16 * LONGEST;

interface Told {
  server: string;
  secrets: string[];
  signal?: AbortSignal;
}

const nameOf = (model: unknown) =>
  typeof model === "string" && model !== "" ? oneLine(model, MODEL_CHARACTERS) : undefined;

/** What a reply says about how the question went, and not with what answer. */
const detailsOf = (told: { model: unknown; finish: unknown; turnsSent: unknown }) => ({
  model: nameOf(told.model),
  finish: nameOf(told.finish),
  turnsSent: countIn(told.turnsSent) ?? undefined,
});

/** The event of an SSE message; `undefined` for one that this API does not have. */
function eventOf(
  name: string | undefined,
  data: string,
  heard: string[],
  about: Told,
): AnswerEvent | undefined {
  const body = record(parsed(data));
  if (name === "delta") {
    if (typeof body?.text !== "string") throw badReply(about.server, { text: data, charged: "maybe" });
    return body.text === "" ? undefined : { type: "delta", text: body.text };
  }
  // A reasoning that cannot be read costs nothing of the answer.
  if (name === "reasoning")
    return typeof body?.text === "string" ? { type: "reasoning", text: body.text } : undefined;
  if (name === "done") {
    if (!body) throw badReply(about.server, { text: data, charged: "maybe" });
    return {
      type: "done",
      response: (typeof body.response === "string" ? body.response : heard.join("")).toWellFormed(),
      tokensDeducted: countIn(body.tokens_deducted),
      tokens: countIn(body.tokens_remaining),
      ...detailsOf({ model: body.model, finish: body.finish, turnsSent: body.turns_sent }),
    };
  }
  if (name === "error") throw streamedError(body, data, about);
  return undefined;
}

function streamedError(body: Record<string, unknown> | undefined, text: string, about: Told): ClientError {
  return problemError({
    status: countIn(body?.status) ?? 500,
    call: "chat",
    json: body,
    text,
    requestId: typeof body?.request_id === "string" ? body.request_id : undefined,
    secrets: about.secrets,
  });
}

/**
 * A streamed answer (docs/http-api.md#streaming). Ends after `done`; a stream that ends without `done` is a lost
 * connection.
 */
async function* streamed(reply: Reply, about: Told): AsyncGenerator<AnswerEvent, void, undefined> {
  const waiting: { name: string | undefined; data: string }[] = [];
  let overlong = false;
  const parser = createParser({
    onEvent: ({ event, data }) => waiting.push({ name: event, data }),
    onError: (error) => {
      overlong ||= error.type === "max-buffer-size-exceeded";
    },
    maxBufferSize: LONGEST,
  });
  // One decoder for the whole answer: a character may arrive in two pieces.
  const decoder = new TextDecoder();
  const heard: string[] = [];
  const characters = createWholeCharacters();
  let length = 0;
  let bytes = 0;
  for await (const piece of reply.pieces()) {
    bytes += piece.length;
    if (bytes > STREAM_BYTES) throw hugeReply(about.server, "maybe");
    parser.feed(decoder.decode(piece, { stream: true }));
    for (const { name, data } of waiting.splice(0)) {
      const event = eventOf(name, data, heard, about);
      if (!event) continue;
      if (event.type !== "done") length += event.text.length + PIECE;
      if (length > LONGEST) throw hugeReply(about.server, "maybe");
      if (event.type === "reasoning") {
        yield event;
        continue;
      }
      if (event.type === "delta") heard.push(event.text);
      // Some servers split a character, an emoji for example, over two deltas.
      const text = event.type === "delta" ? characters.push(event.text) : characters.end();
      if (text !== "") yield { type: "delta", text };
      if (event.type === "done") {
        yield event;
        return;
      }
      if (about.signal?.aborted === true)
        throw new ClientError("interrupted", "Interrupted.", { charged: "maybe" });
    }
    if (overlong) throw hugeReply(about.server, "maybe");
  }
  throw new ClientError(
    "unreachable",
    `The connection to ${about.server} was lost before the answer was complete.`,
    { remedy: { kind: "check_connection" }, charged: "maybe" },
  );
}

/** An answer in one piece: the documented body, and the balance in a header if the server sends one. */
async function whole(reply: Reply, about: Told): Promise<AnswerEvent> {
  const text = await reply.text();
  const body = record(parsed(text));
  if (typeof body?.response !== "string") throw badReply(about.server, { text, charged: "maybe" });
  return {
    type: "done",
    response: body.response.toWellFormed(),
    tokensDeducted: countIn(body.tokens_deducted),
    tokens: countIn(reply.header(headers.remaining)),
    ...detailsOf({
      model: reply.header(headers.model),
      finish: reply.header(headers.finish),
      turnsSent: reply.header(headers.turnsSent),
    }),
  };
}

/** Reads the reply to a question by its content type. Throws only `ClientError`. Leaving the loop closes the connection. */
export async function* answer(reply: Reply, about: Told): AsyncGenerator<AnswerEvent, void, undefined> {
  if (/^\s*text\/event-stream\b/i.test(reply.header("content-type") ?? "")) yield* streamed(reply, about);
  else yield await whole(reply, about);
}
