import { lexer, type Tokens } from "marked";
import { expect, test } from "vitest";
import { fenced } from "../../../../src/client/files/fenced.ts";

test("a file is a fenced block with its name", () => {
  expect(fenced({ name: "src/a.ts#1-2", text: "one\ntwo\n" })).toBe("```src/a.ts#1-2\none\ntwo\n```");
  expect(fenced({ name: "my file", text: "one" })).toBe("```my file\none\n```");
});

test.each(["```\nnot the end\n```", "````ts\nx\n````\n", "`".repeat(100_000), "~~~\n```", "a ``` b"])(
  "no text ends the block before its end (%#)",
  (text) => {
    const tokens = lexer(`before\n\n${fenced({ name: "a`b```c", text })}\n\nbehind`);
    const code = tokens.filter((token): token is Tokens.Code => token.type === "code");
    expect(code).toMatchObject([{ lang: "a'b'''c", text: text.replace(/\n$/, "") }]);
  },
);
