import type { Provider } from "../core/provider.ts";
import type { StopSignal } from "../core/stop.ts";
import { demoAnswer } from "./demo-answer.ts";

/**
 * Answers without an AI, and says so. A streamed answer comes word by word, `delay` milliseconds apart. Nothing is random:
 * the same conversation gets the same answer.
 */
export function createDemoProvider({ delay = 20 }: { delay?: number } = {}): Provider {
  return {
    model: "demo",
    answer: async ({ messages, signal, onDelta, untilRead, onFinish }) => {
      signal.throwIfAborted();
      const answer = demoAnswer(messages);
      for (const word of onDelta ? words(answer) : []) {
        onDelta?.(word);
        await untilRead?.();
        signal.throwIfAborted();
        await pause(delay, signal);
      }
      onFinish?.("stop");
      return answer;
    },
    close: async () => {},
  };
}

/** The words of a text, each with the space around it. */
const words = (text: string) => text.match(/\s*\S+\s*/g) ?? [];

/** Rejects with the signal's reason once it is aborted. */
function pause(delay: number, signal: StopSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, delay);
    signal.addEventListener("abort", stop);
  });
}
