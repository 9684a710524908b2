import { askAgain, type AskAgainOptions } from "../client/http/ask-again.ts";
import { ClientError } from "../client/failure.ts";
import type { AnswerEvent, ApiClient, Question } from "../client/http/contract.ts";
import { createRepeat, type Repeat } from "./repeat.ts";

/** What a face does while a question is under way. */
export interface Face extends Pick<AskAgainOptions, "sleep" | "onWait" | "onTry" | "maxWait" | "inDoubt"> {
  /** Called with each piece of the answer, and waited for; if it fails, so does the exchange. */
  show: (text: string) => unknown;
  /** Called with each sign of the answer, before it is shown. */
  onData: () => void;
  /** Called with each piece of what the AI thinks; `onTry` says that it comes from its start. */
  onReasoning?: (text: string) => void;
  /**
   * Called when the answer comes again and is another than the one that was cut off; all of it is shown then. Without
   * it, a question is not repeated once some of its answer was shown.
   */
  onOther?: () => void;
}

/** How a question ended; `text` is what came of its answer. */
export type Ended =
  /** `isShown`: false if the answer came in one piece, which was not shown yet. */
  | { kind: "answered"; text: string; isShown: boolean; done: Extract<AnswerEvent, { type: "done" }> }
  /** Its signal aborted, or it failed. Whether it may have been charged is in a `ClientError`. */
  | { kind: "stopped" | "failed"; text: string; error: unknown };

/** Asks one question, with its repeats, and shows its answer: the same for every face. Never rejects. */
export async function exchange(client: ApiClient, question: Question, face: Face): Promise<Ended> {
  const { onOther, sleep, onWait, onTry, maxWait, inDoubt } = face;
  const wishes = { sleep, onWait, onTry, maxWait, inDoubt };
  let text = "";
  let repeat: Repeat | undefined;
  const onRestart = onOther && (() => (repeat = text === "" ? undefined : createRepeat(text)));

  const show = async (piece: string) => {
    text += piece;
    if (piece !== "") await face.show(piece);
  };

  const hear = async (event: AnswerEvent) => {
    if (event.type === "reasoning") return face.onReasoning?.(event.text);
    face.onData();
    if (repeat === undefined) return event.type === "delta" ? show(event.text) : undefined;
    const part = event.type === "delta" ? repeat.take(event.text) : repeat.end(event.response);
    if (part.kind === "other") {
      onOther?.();
      text = "";
    }
    if (part.kind !== "known") await show(part.text);
  };

  try {
    for await (const event of askAgain(client, question, { ...wishes, onRestart })) {
      await hear(event);
      if (event.type !== "done") continue;
      return { kind: "answered", text: text || event.response, isShown: text !== "", done: event };
    }
    throw new ClientError("bad_reply", "The answer has no end.", { charged: "maybe" });
  } catch (error) {
    return { kind: question.signal?.aborted === true ? "stopped" : "failed", text, error };
  }
}
