import { setImmediate, setTimeout } from "node:timers/promises";
import type { Provider } from "../core/ports.ts";
import { demoAnswer } from "./demo-answer.ts";

/**
 * Answers without any AI, and says so: at once, or word by word when streamed. `delay` is the milliseconds between two
 * words. Nothing is random: the same conversation gets the same answer.
 */
export function createDemoProvider({ delay = 20 }: { delay?: number } = {}): Provider {
  return {
    model: "demo",
    answer: async ({ messages, signal, onDelta }) => {
      signal.throwIfAborted();
      const answer = demoAnswer(messages);
      if (!onDelta) return answer;
      for (const word of words(answer)) {
        onDelta(word);
        await pause(delay, signal);
      }
      return answer;
    },
    close: async () => {},
  };
}

/** Each with the blanks after it; joined they are the text. */
const words = (text: string) => text.match(/\s*\S+\s*/g) ?? [];

async function pause(delay: number, signal: AbortSignal): Promise<void> {
  try {
    await (delay > 0 ? setTimeout(delay, undefined, { signal }) : setImmediate(undefined, { signal }));
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}
