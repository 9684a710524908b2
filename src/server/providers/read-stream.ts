import type { EventSourceMessage } from "eventsource-parser";
import { withPiece, type Pieces } from "../core/pieces.ts";
import { reportedIn, type Choice } from "./read-choice.ts";
import { createChunkReader } from "./read-chunk.ts";
import { createEventReader } from "./read-events.ts";
import { NotWhole } from "./upstream-errors.ts";

/** Reads the body of a reply. Each method throws if the answer cannot become whole. */
export interface BodyReader {
  /** True once the answer is whole; what follows need not be read. */
  push(piece: Buffer): boolean;
  /** The body has ended; returns if the answer is whole. */
  end(): void;
  /** The connection broke; returns if the answer is whole, else throws `error`. */
  broke(error: Error): void;
}

/** How long to wait for more text after a `finish_reason`, in milliseconds. */
export interface Patience {
  /** After the first. */
  finished: number;
  /** Once text has followed a `finish_reason`: this upstream puts one into every chunk. */
  continued: number;
}

const DEFAULT_PATIENCE: Patience = { finished: 3000, continued: 30_000 };

type State = "open" | "done" | keyof Patience;

/** What a reader needs. */
export interface ReaderNeeds {
  /** Gets the texts of the answer that a piece of the body has, none empty. What it throws ends the reading. */
  onTexts: (texts: Pieces) => void;
  /** Gets each part of the reasoning, none empty. */
  onReasoning: (text: string) => void;
  /** Gets each `finish_reason`, and `tool_calls` for each part of a call. */
  onReason: (reason: string) => void;
  /** Ends the answer, which is then whole, if it is not called again within so many milliseconds. */
  wait: (milliseconds: number) => void;
  patience?: Patience | undefined;
}

/** Chunks as a reader understands them. */
interface Chunks<C extends Pick<Choice, "finished">> extends Pick<ReaderNeeds, "wait" | "patience"> {
  /** Throws if the chunk makes the answer a failure. */
  read: (data: string) => C;
  /** Whether it has any part of the answer or of what comes before it. */
  saysMore: (chunk: C) => boolean;
  take: (chunk: C, data: string) => void;
  /** All chunks of a piece of the body were taken. */
  pass: () => void;
}

/** Reads a streamed answer as text; see {@link createChunksReader}. */
export function createStreamReader({ onTexts, onReasoning, onReason, ...needs }: ReaderNeeds): BodyReader {
  let texts: Pieces | undefined;
  const pass = () => {
    if (texts === undefined) return;
    const passed = texts;
    texts = undefined;
    onTexts(passed);
  };
  return createChunksReader({
    ...needs,
    read: createChunkReader(),
    saysMore,
    take(chunk) {
      if (chunk.reason !== "") onReason(chunk.reason);
      if (chunk.reasoning !== "") {
        pass();
        onReasoning(chunk.reasoning);
      }
      if (chunk.text !== "") texts = withPiece(texts, chunk.text);
    },
    pass,
  });
}

/**
 * Reads a stream of chunks. It is whole at `[DONE]`; after a `finish_reason` also at the end of the stream, after the silence
 * that {@link Patience} allows, or if the connection breaks before more text.
 */
export function createChunksReader<C extends Pick<Choice, "finished">>({
  read,
  saysMore,
  take,
  pass,
  wait,
  patience = DEFAULT_PATIENCE,
}: Chunks<C>): BodyReader {
  let state: State = "open";
  const stateAfter = (before: Exclude<State, "done">, chunk: C): Exclude<State, "done"> => {
    if (before === "open") return chunk.finished ? "finished" : "open";
    return saysMore(chunk) ? "continued" : before;
  };
  const events = createEventReader((event) => {
    if (state === "done") return;
    if (event.data.startsWith("[DONE]")) {
      state = "done";
      return;
    }
    if (isHeartbeat(event)) return;
    if (event.event === "error") throw reportedIn(event.data);
    const chunk = read(event.data);
    const before = state;
    state = stateAfter(before, chunk);
    if (state !== "open" && (saysMore(chunk) || state !== before)) wait(patience[state]);
    take(chunk, event.data);
  });
  return {
    push(piece) {
      try {
        events.push(piece);
      } finally {
        pass();
      }
      return state === "done";
    },
    end() {
      try {
        events.end();
      } finally {
        pass();
      }
      if (state === "open") throw new NotWhole("the stream ended without a finish_reason or [DONE]");
    },
    broke(error) {
      if (state !== "finished") throw error;
    },
  };
}

/** Reasoning counts too: an upstream that puts a `finish_reason` into every chunk does so before its text. */
const saysMore = ({ text, reasoning }: Choice) => text !== "" || reasoning !== "";

const isHeartbeat = ({ event, data }: EventSourceMessage) => event === "ping" || data.trim() === "";
