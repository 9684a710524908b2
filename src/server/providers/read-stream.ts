import type { EventSourceMessage } from "eventsource-parser";
import { readChoice, reportedIn, type Choice } from "./read-choice.ts";
import { readEvents } from "./read-events.ts";
import { NotWhole } from "./upstream-failure.ts";

/** How long to wait for more text after a `finish_reason`, in milliseconds. */
export interface Patience {
  /** After the first. */
  finished: number;
  /** Once text has followed a `finish_reason`: this upstream puts one into every chunk. */
  continued: number;
}

const DEFAULT_PATIENCE: Patience = { finished: 3000, continued: 30_000 };

type State = "open" | keyof Patience;

interface Options {
  patience?: Patience;
  /** Closes the connection; the body then ends with an error. */
  hangUp: () => void;
}

/**
 * The texts of a streamed answer, none empty. Ends when the answer is whole: at `[DONE]`; after a `finish_reason` also at
 * the end of the stream, after the silence that {@link Patience} allows, or if the connection breaks before more text.
 * Throws for any other end.
 */
export async function* readStream(
  body: AsyncIterable<Uint8Array>,
  { patience = DEFAULT_PATIENCE, hangUp }: Options,
): AsyncGenerator<string, void, undefined> {
  const events = readEvents(body);
  let state: State = "open";
  let silent = false;
  const silence = createTimer(() => {
    silent = true;
    hangUp();
  });

  const nextEvent = async () => {
    try {
      return (await events.next()).value;
    } catch (error) {
      if (silent || state === "finished") return undefined;
      throw error;
    }
  };

  try {
    for (let event = await nextEvent(); event; event = await nextEvent()) {
      if (event.data.startsWith("[DONE]")) return;
      const chunk = chunkOf(event);
      if (!chunk) continue;
      const before: State = state;
      state = stateAfter(before, chunk);
      if (state !== "open" && (chunk.text !== "" || state !== before)) silence.restart(patience[state]);
      if (chunk.text !== "") yield chunk.text;
    }
    if (state === "open") throw new NotWhole("the stream ended without a finish_reason or [DONE]");
  } finally {
    silence.stop();
    await events.return();
  }
}

function stateAfter(state: State, { text, finished }: Choice): State {
  if (state === "open") return finished ? "finished" : "open";
  return text === "" ? state : "continued";
}

/** Undefined for a heartbeat. APIError for an event that reports a failure, SyntaxError for broken JSON. */
function chunkOf({ event, data }: EventSourceMessage): Choice | undefined {
  if (data.trim() === "" || event === "ping") return undefined;
  if (event === "error") throw reportedIn(data);
  return readChoice(JSON.parse(data), "delta");
}

/** A timer that lets the event loop read first: after a pause of the process, data and the timeout are due together. */
function createTimer(act: () => void) {
  let timeout: NodeJS.Timeout | undefined;
  let immediate: NodeJS.Immediate | undefined;
  const stop = () => {
    clearTimeout(timeout);
    clearImmediate(immediate);
  };
  const restart = (milliseconds: number) => {
    stop();
    timeout = setTimeout(() => {
      immediate = setImmediate(act);
    }, milliseconds);
  };
  return { restart, stop };
}
