import { expect, test } from "vitest";
import { ApiError } from "../../../../src/server/core/api-error.ts";
import { askModel } from "../../../../src/server/core/ask-model.ts";
import type { Message, Provider } from "../../../../src/server/core/provider.ts";
import { testedModel } from "../../../support/tested-model.ts";

const lengthIn = (messages: Message[]) => messages.at(-1)?.images?.[0]?.data.length;

test("a fallback gets the images; with the first text they leave the memory", async () => {
  const lengths: (number | undefined)[] = [];
  const provider = (answer: Provider["answer"]): Provider => ({ model: "m", answer, close: async () => {} });
  const fails = provider(async ({ messages }) => {
    lengths.push(lengthIn(messages));
    throw new ApiError("upstream_error", "The AI failed.");
  });
  const answers = provider(async ({ messages, onDelta, onReasoning }) => {
    onReasoning?.("Hm.");
    lengths.push(lengthIn(messages));
    onDelta?.("A cat.");
    lengths.push(lengthIn(messages));
    return "A cat.";
  });
  const images = [{ media_type: "image/png" as const, data: "A".repeat(400) }];
  const request = { message: "What is it?", history: [], images };
  const answered = await askModel(
    testedModel({ provider: fails, images: true }),
    testedModel({ provider: answers, images: true }),
    { prompt: request, signal: new AbortController().signal, onDelta: () => {}, onReasoning: () => {} },
  );
  expect(answered.response).toBe("A cat.");
  expect(lengths).toEqual([400, 400, 24]);
});
