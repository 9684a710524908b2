import type { EventSourceMessage } from "eventsource-parser";
import { withPiece, type Pieces } from "../core/pieces.ts";
import type { BodyReader } from "./read-body.ts";
import { reportedIn, type Choice } from "./read-choice.ts";
import { createChunkReader } from "./read-chunk.ts";
import { createEventReader } from "./read-events.ts";
import { NotWhole } from "./upstream-errors.ts";

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

/**
 * Reads a streamed answer. It is whole at `[DONE]`; after a `finish_reason` also at the end of the stream, after the silence
 * that {@link Patience} allows, or if the connection breaks before more text.
 */
export function createStreamReader({
  onTexts,
  onReasoning,
  onReason,
  wait,
  patience = DEFAULT_PATIENCE,
}: ReaderNeeds): BodyReader {
  let state: State = "open";
  let texts: Pieces | undefined;
  const passTexts = () => {
    if (texts === undefined) return;
    const passed = texts;
    texts = undefined;
    onTexts(passed);
  };
  const readChunk = createChunkReader();
  const events = createEventReader((event) => {
    if (state === "done") return;
    if (event.data.startsWith("[DONE]")) {
      state = "done";
      return;
    }
    if (isHeartbeat(event)) return;
    if (event.event === "error") throw reportedIn(event.data);
    const chunk = readChunk(event.data);
    const before = state;
    state = stateAfter(before, chunk);
    if (state !== "open" && (saysMore(chunk) || state !== before)) wait(patience[state]);
    if (chunk.reason !== "") onReason(chunk.reason);
    if (chunk.reasoning !== "") {
      passTexts();
      onReasoning(chunk.reasoning);
    }
    if (chunk.text !== "") texts = withPiece(texts, chunk.text);
  });
  return {
    push(piece) {
      try {
        events.push(piece);
      } finally {
        passTexts();
      }
      return state === "done";
    },
    end() {
      try {
        events.end();
      } finally {
        passTexts();
      }
      if (state === "open") throw new NotWhole("the stream ended without a finish_reason or [DONE]");
    },
    broke(error) {
      if (state !== "finished") throw error;
    },
  };
}

function stateAfter(state: keyof Patience | "open", chunk: Choice): keyof Patience | "open" {
  if (state === "open") return chunk.finished ? "finished" : "open";
  return saysMore(chunk) ? "continued" : state;
}

/** Reasoning counts too: an upstream that puts a `finish_reason` into every chunk does so before its text. */
const saysMore = ({ text, reasoning }: Choice) => text !== "" || reasoning !== "";

const isHeartbeat = ({ event, data }: EventSourceMessage) => event === "ping" || data.trim() === "";
