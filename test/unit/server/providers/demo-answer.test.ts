import { expect, test } from "vitest";
import { demoAnswer } from "../../../../src/server/providers/demo-answer.ts";

test("the demo says that it does not look at images", () => {
  const images = [{ media_type: "image/png" as const, data: "AAAA" }];
  const seen = "You sent 1 image. A real model would look.\n\n";
  expect(demoAnswer([{ role: "user", content: "Hello", images }])).toBe(
    seen + demoAnswer([{ role: "user", content: "Hello" }]),
  );
});
