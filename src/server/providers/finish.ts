import type { Finish } from "../../protocol/replies.ts";

/** A `finish_reason` of answers that a filter withheld or cut. Gemini appends why; `sensitive` is Zhipu's. */
const FILTERED = /^(content_filter\b|sensitive$|safety$)/i;

/** What hosts say instead of OpenAI's names: Mistral's `model_length`, TGI's `eos_token`, Zhipu's and Anthropic's names. */
const REASONS: [RegExp, Finish][] = [
  [/^(stop|eos|eos_token|end_turn|stop_sequence)$/i, "stop"],
  [/^(length|max_tokens|model_length|model_context_window_exceeded)$/i, "length"],
  [FILTERED, "content_filter"],
  [/^(tool_calls|function_call)$/i, "tool_calls"],
];

/** A host's `finish_reason` as this API names it; undefined for one that is not known. */
export const finishOf = (reason: string): Finish | undefined =>
  REASONS.find(([pattern]) => pattern.test(reason))?.[1];
