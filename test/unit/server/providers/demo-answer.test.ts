import { expect, test } from "vitest";
import { demoAnswer } from "../../../../src/server/providers/demo-answer.ts";

test("the demo says that it does not look at images", () => {
  const images = [{ media_type: "image/png" as const, data: "AAAA" }];
  const seen = "You sent 1 image. A real model would look.\n\n";
  expect(demoAnswer([{ role: "user", content: "Hello", images }])).toBe(
    seen + demoAnswer([{ role: "user", content: "Hello" }]),
  );
});

test.each([
  ["What is a monad?", "monad"],
  ["see “/etc/passwd”, ok", "etc/passwd"],
])("the demo names the longest word of %j without the punctuation around it", (content, word) => {
  expect(demoAnswer([{ role: "user", content }])).toContain(`longest word is \`${word}\``);
});

test("the demo names no longest word where there are none", () => {
  expect(demoAnswer([{ role: "user", content: "?? !!" }])).not.toContain("longest word");
});
