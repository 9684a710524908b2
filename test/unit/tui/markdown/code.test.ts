import { beforeAll, describe, expect, it } from "vitest";
import { createCodeRenderer } from "../../../../src/tui/markdown/code.ts";
import { loadHighlighter } from "../../../../src/tui/markdown/highlight.ts";
import type { Display } from "../../../../src/tui/markdown/display.ts";
import { renderAnswer } from "./render-answer.ts";

const painted: Display = { columns: 80, color: true, ascii: false, links: false };
const strip = (text: string) => text.replaceAll(/\x1b\[[\d;]*m/g, "");

beforeAll(loadHighlighter);

describe("code in an answer", () => {
  it("is coloured line by line in its named language", () => {
    const code = createCodeRenderer("ts", painted);
    expect(code.line("const a = 1;")).toBe("\x1b[35mconst\x1b[0m a = \x1b[33m1\x1b[0m;");
  });

  it("keeps the colour of a comment that an earlier line opened", () => {
    const code = createCodeRenderer("ts", painted);
    code.line("/* const");
    expect(code.line("const a")).toBe("\x1b[2mconst a\x1b[0m");
    code.line("*/");
    expect(code.line("const a")).toContain("\x1b[35mconst");
  });

  it("keeps the colour of a comment for a hundred lines", () => {
    const code = createCodeRenderer("ts", painted);
    code.line("/*");
    for (let i = 0; i < 100; i += 1) expect(code.line(`const a${i}`)).toBe(`\x1b[2mconst a${i}\x1b[0m`);
  });

  it("is not coloured without a known language", () => {
    for (const language of ["", "klingon", "__proto__"])
      expect(createCodeRenderer(language, painted).line("const a = 1;")).toBe("const a = 1;");
  });

  it("loses no character by colouring", () => {
    const source = "```python\ndef f(x):\n\t'''doc\n  more'''\n    return {'a': [1, None]}  # end\n```";
    expect(strip(renderAnswer(source, painted))).toBe(
      "── python\ndef f(x):\n\t'''doc\n  more'''\n    return {'a': [1, None]}  # end\n",
    );
  });
});
