import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createBytesWriter } from "../../../../src/cli/io/answer-writer.ts";

async function written(
  pieces: readonly string[],
  how: "done" | "broken",
  response = pieces.join(""),
): Promise<string> {
  let out = "";
  const writer = createBytesWriter(async (text) => {
    out += text;
  });
  for (const piece of pieces) await writer.delta(piece);
  if (how === "broken") await writer.broken();
  else await writer.done({ type: "done", response, tokensDeducted: 100, tokens: 1 }, null);
  return out;
}

const pieces = fc.array(fc.stringMatching(/^[a\n\r ]{1,4}$/), { minLength: 1 });

test("an answer ends with exactly one newline however it is cut, whole or broken off", async () => {
  await fc.assert(
    fc.asyncProperty(pieces, fc.constantFrom("done" as const, "broken" as const), async (pieces, how) => {
      const text = pieces.join("").replace(/\n+$/, "");
      expect(await written(pieces, how)).toBe(text === "" ? "" : `${text}\n`);
    }),
  );
});

test("an answer that comes only at the end is written then", async () => {
  expect(await written([], "done", "Hello\n\n")).toBe("Hello\n");
});

test("what broke off before its first word leaves nothing", async () => {
  expect(await written([], "broken")).toBe("");
});
