import { askAgain } from "../client/http/ask-again.ts";
import { ClientError } from "../client/failure.ts";
import type { AnswerEvent, Question } from "../client/http/contract.ts";
import { createRepeat, type Repeat } from "./repeat.ts";
import type { Room } from "./room.ts";

/** Longest that a question waits by itself for a server that asks for patience, in seconds. */
const LONGEST_WAIT = 90;

/** The end of an answer. */
export type Done = Extract<AnswerEvent, { type: "done" }>;

/** Hears one answer at a time and says it as it comes. */
export interface Listener {
  /** All that was said of the answer. */
  readonly heard: string;
  /** Milliseconds of the clock at which it last grew. */
  readonly lastData: number;
  /**
   * Sends the question, with its repeats, and says its answer. `inDoubt`: an earlier request under its key may have been
   * charged. Rejects with `ClientError`, or what is a fault of ours.
   */
  follow(question: Question, inDoubt: boolean): Promise<Done>;
}

export function createListener(room: Room): Listener {
  const { say, dispatch, now, sleep } = room;
  let heard = "";
  let lastData = 0;

  const show = (text: string) => {
    heard += text;
    if (text !== "") say({ type: "delta", text });
  };

  /** The answer is another than the one that was cut off: what stands there stays, and the whole new one follows. */
  const beginAnew = (text: string) => {
    say({ type: "end" });
    room.note("dim", "The connection was lost there; this is the answer from its start:");
    heard = "";
    show(text);
  };

  const hear = (event: AnswerEvent, repeat: Repeat | undefined) => {
    lastData = now();
    if (heard === "") dispatch({ type: "firstWords" });
    if (repeat === undefined)
      return show(event.type === "delta" ? event.text : heard === "" ? event.response : "");
    const part = event.type === "delta" ? repeat.take(event.text) : repeat.end(event.response);
    if (part.kind === "other") beginAnew(part.text);
    else if (part.kind === "more") show(part.text);
  };

  const follow = async (question: Question, inDoubt: boolean) => {
    let repeat: Repeat | undefined;
    let done: Done | undefined;
    const answers = askAgain(room.client, question, {
      sleep,
      inDoubt,
      maxWait: LONGEST_WAIT,
      onWait: (seconds, reason) =>
        dispatch({ type: "waiting", until: now() + seconds * 1000, reason: reason.message }),
      onRestart: () => (repeat = heard === "" ? undefined : createRepeat(heard)),
    });
    for await (const event of answers) {
      if (event.type === "done") done = event;
      hear(event, repeat);
    }
    if (done === undefined)
      throw new ClientError("bad_reply", "The answer has no end.", { charged: "maybe" });
    return done;
  };

  return {
    get heard() {
      return heard;
    },
    get lastData() {
      return lastData;
    },
    follow(question, inDoubt) {
      heard = "";
      lastData = now();
      return follow(question, inDoubt);
    },
  };
}
