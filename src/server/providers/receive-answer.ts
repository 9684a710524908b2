import type { Provider } from "../core/provider.ts";
import { createAnswerText } from "./answer-text.ts";
import type { PassOn, Reception } from "./exchange.ts";
import { finishOf } from "./finish.ts";
import { createBodyReader } from "./read-body.ts";
import { withoutText } from "./without-text.ts";

type Listener = Pick<Parameters<Provider["answer"]>[0], "onDelta" | "onReasoning" | "onFinish">;

/** Receives the text of an answer; with `onDelta` each piece is passed on as it comes. */
export const receiveAnswer =
  ({ onDelta, onReasoning, onFinish }: Listener) =>
  (passOn: PassOn): Reception<string> => {
    const text = createAnswerText({
      onTexts: (pieces) => passOn(pieces, onDelta),
      onReasoning: (piece) => passOn(piece, onReasoning),
    });
    /** The last `finish_reason`. */
    let last = "";
    return {
      reader: (needs) =>
        createBodyReader({
          onTexts: (texts) => text.add(texts),
          onReasoning: (piece) => text.addReasoning(piece),
          onReason: (reason) => {
            if (last !== "tool_calls") last = reason;
          },
          ...needs,
        }),
      end() {
        const answer = text.end();
        if (answer === "") throw withoutText(last, text.hasReasoning());
        const finish = finishOf(last);
        if (finish) onFinish?.(finish);
        return answer;
      },
      hasText: () => text.hasText(),
    };
  };
