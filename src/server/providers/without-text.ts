import { NotWhole } from "./upstream-errors.ts";

/** A `finish_reason` of answers that a filter withheld. Gemini appends why; `sensitive` is Zhipu's. */
const FILTERED = /^(content_filter\b|sensitive$)/;

/** Why an answer has no text, by its `finish_reason`. */
export function withoutText(reason: string, hasReasoning: boolean): NotWhole {
  return new NotWhole(
    `the answer has no text${hasReasoning ? " but reasoning" : ""}${/^\w{1,40}$/.test(reason) ? ` (finish_reason ${reason})` : ""}`,
    FILTERED.test(reason)
      ? "The AI withheld its answer because of its content filter. Try it in other words."
      : reason === "tool_calls" || reason === "function_call"
        ? "The AI wanted to call a tool instead of answering. Try it in other words."
        : reason === "length"
          ? "The AI reached its limit before it wrote any text. Try again, or ask for less."
          : "The AI gave an empty answer. Try again.",
  );
}
