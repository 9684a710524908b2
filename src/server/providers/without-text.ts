import { finishOf } from "./finish.ts";
import { NotWhole } from "./upstream-errors.ts";

const DETAILS = {
  content_filter: "The AI withheld its answer because of its content filter. Try it in other words.",
  tool_calls: "The AI wanted to call a tool instead of answering. Try it in other words.",
  length: "The AI reached its limit before it wrote any text. Try again, or ask for less.",
  stop: "The AI gave an empty answer. Try again.",
};

/** Why an answer has no text, by its `finish_reason`. */
export function withoutText(reason: string, hasReasoning: boolean): NotWhole {
  const finish = finishOf(reason);
  return new NotWhole(
    `the answer has no text${hasReasoning ? " but reasoning" : ""}${/^\w{1,40}$/.test(reason) ? ` (finish_reason ${reason})` : ""}`,
    { detail: DETAILS[finish ?? "stop"], kind: finish === "content_filter" ? "refused" : "answer" },
  );
}
