import { createParser } from "eventsource-parser";
import type { ChatBody } from "../protocol/bodies.ts";
import { headers, type DoneEvent } from "../protocol/replies.ts";
import { routes } from "../protocol/routes.ts";
import { parsed, record } from "../text/loose-json.ts";
import { address } from "./api.ts";
import { Failure, lost, problemOf, stopped } from "./failure.ts";

/** A question as it is sent, and the key under which it is charged at most once. */
export interface Question {
  key: string;
  body: Pick<ChatBody, "message" | "history" | "model">;
}

export interface Listener {
  /** A piece of the answer. */
  onText: (text: string) => void;
  /** The AI thinks; what it thinks is no part of the answer. */
  onThinking: () => void;
}

/** The server sends at least a ping in each 16 s: after a minute of silence the connection is dead. */
const SILENCE_MS = 60_000;

/** Aborts if it is not touched for as long. */
function createWatch(milliseconds: number) {
  const silent = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => clearTimeout(timer);
  const touch = () => {
    stop();
    timer = setTimeout(() => silent.abort(), milliseconds);
  };
  touch();
  return { signal: silent.signal, touch, stop };
}

/**
 * Asks a question once and reads the stream of its answer (docs/http-api.md#streaming). Throws `Failure` alone: `stopped`
 * if `signal` aborts, `lost` if the stream ends without `done`.
 */
export async function ask(
  { key, body }: Question,
  { token, signal, onText, onThinking }: Listener & { token: string; signal: AbortSignal },
): Promise<DoneEvent> {
  const watch = createWatch(SILENCE_MS);
  try {
    const reply = await fetch(address(routes.chat), {
      method: "POST",
      headers: {
        Accept: "text/event-stream",
        Authorization: `Bearer ${token}`,
        "Content-Type": "application/json",
        [headers.key]: key,
      },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, watch.signal]),
    });
    if (!reply.ok) throw problemOf(await reply.text(), reply.status, reply.headers);
    return await read(reply, { onText, onThinking, touch: watch.touch });
  } catch (error) {
    if (signal.aborted) throw stopped();
    throw error instanceof Failure ? error : lost();
  } finally {
    watch.stop();
  }
}

async function read(
  { body, status }: Response,
  { onText, onThinking, touch }: Listener & { touch: () => void },
): Promise<DoneEvent> {
  const reader = body?.getReader();
  let done: DoneEvent | undefined;
  let failure: Failure | undefined;
  const parser = createParser({
    onEvent({ event, data }) {
      const json = record(parsed(data));
      if (event === "delta" && typeof json?.text === "string") onText(json.text);
      else if (event === "reasoning") onThinking();
      else if (event === "done" && typeof json?.response === "string") done = json as unknown as DoneEvent;
      else if (event === "error") failure = problemOf(data, status);
    },
  });
  const decoder = new TextDecoder();
  for (;;) {
    const piece = await reader?.read();
    if (piece?.value === undefined) throw lost();
    touch();
    parser.feed(decoder.decode(piece.value, { stream: true }));
    if (done === undefined && failure === undefined) continue;
    void readRest(reader);
    if (failure) throw failure;
    return done!;
  }
}

/** The server ends the reply: only then the connection can be used again. */
async function readRest(reader: ReadableStreamDefaultReader<Uint8Array> | undefined): Promise<void> {
  try {
    while ((await reader?.read())?.done === false);
  } catch {
    // The answer is whole already.
  }
}
