import type { Logger } from "pino";
import { duration } from "../text/duration.ts";
import { counted } from "../text/numbers.ts";
import type { AiChange } from "./core/ai-states.ts";
import { failureWords } from "./core/ai-words.ts";

/** One line when a model begins to fail, and one when it answers again. */
export function logAiChange(log: Logger, change: AiChange): void {
  const { model } = change;
  if (change.kind === "failing") {
    const { why, cause } = change;
    const { what, todo } = failureWords[why];
    const last = cause === undefined ? "" : ` The last cause: ${cause}`;
    log.warn({ model, kind: why }, `The model ${model} is failing. ${what} ${todo}${last}`);
  } else {
    const { ms, failed } = change;
    const time = duration(Math.max(1, Math.round(ms / 1000)));
    log.info(
      { model, failed },
      `The model ${model} answers again, after ${time} and ${counted(failed, "failure")}.`,
    );
  }
}
