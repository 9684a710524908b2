import { askAgain } from "../client/http/ask-again.ts";
import { ClientError } from "../client/failure.ts";
import type { AnswerEvent, Question } from "../client/http/contract.ts";
import { createRepeat, type Repeat } from "./repeat.ts";
import type { Room } from "./room.ts";

/** Longest that a question waits by itself for a server that asks for patience, in seconds. */
const LONGEST_WAIT = 90;

/** Owners of `local` that may leave within one answer. */
const MOST_OWNERS = 3;

const isOwnerGone = (error: unknown) =>
  error instanceof ClientError && (error.code === "unreachable" || error.code === "shutting_down");

/** The end of an answer. */
export type Done = Extract<AnswerEvent, { type: "done" }>;

/** Hears one answer at a time and says it as it comes. */
export interface Listener {
  /** All that was said of the answer. */
  readonly heard: string;
  /** Milliseconds of the clock at which it last grew. */
  readonly lastData: number;
  /** Sends the question, with its repeats, and says its answer. Rejects with `ClientError`, or what is a fault of ours. */
  follow(question: Question): Promise<Done>;
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

  const follow = async (question: Question, repeat?: Repeat) => {
    const onWait = (seconds: number, reason: ClientError) =>
      dispatch({ type: "waiting", until: now() + seconds * 1000, reason: reason.message });
    let done: Done | undefined;
    for await (const event of askAgain(room.client, question, { sleep, onWait, maxWait: LONGEST_WAIT })) {
      if (event.type === "done") done = event;
      hear(event, repeat);
    }
    if (done === undefined)
      throw new ClientError("bad_reply", "The answer has no end.", { charged: "maybe" });
    return done;
  };

  /**
   * Who runs the server `local` may leave in the middle of somebody else's answer. Then another session runs it, and
   * the question is asked there under its key (CLI.md §3), however much of its answer has come.
   */
  const followAnywhere = async (question: Question) => {
    for (let left = MOST_OWNERS; ; left -= 1) {
      try {
        return await follow(question, heard === "" ? undefined : createRepeat(heard));
      } catch (error) {
        if (!room.local || left === 0 || question.signal?.aborted === true || !isOwnerGone(error))
          throw error;
      }
    }
  };

  return {
    get heard() {
      return heard;
    },
    get lastData() {
      return lastData;
    },
    follow(question) {
      heard = "";
      lastData = now();
      return followAnywhere(question);
    },
  };
}
