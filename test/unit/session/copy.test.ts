import { describe, expect, it } from "vitest";
import type { Copied } from "../../../src/session/command.ts";
import { copyCommand } from "../../../src/session/copy-command.ts";
import { codeBlocks } from "../../../src/tui/markdown/code-blocks.ts";
import type { Session } from "../../../src/session/session.ts";

const ANSWER = "Do:\n\n```sh\nnpm ci\n```\n\n- then\n  ```js\n  go();\n    on();\n  ```\n";

/** What `/copy` puts on the clipboard and what it says. */
async function copy(
  argument: string,
  { answer = ANSWER, outcome = "copied" }: { answer?: string; outcome?: Copied } = {},
) {
  const notes: string[] = [];
  const copied: string[] = [];
  const session = {
    state: { phase: { kind: "idle" }, answer },
    note: (_tone: string, ...lines: string[]) => notes.push(...lines),
  } as unknown as Session;
  await copyCommand.run(session, argument, {
    codeBlocks,
    print: () => undefined,
    copy: async (text) => (copied.push(text), outcome),
    choose: () => undefined,
    chooseModel: () => undefined,
    chooseVersion: () => undefined,
    clearScreen: () => undefined,
    quit: () => undefined,
    keys: [],
  });
  return { copied, notes };
}

describe("/copy", () => {
  it.each([
    ["", ANSWER, "Copied the answer."],
    ["1", "npm ci", "Copied code block 1."],
    ["2", "go();\n  on();", "Copied code block 2."],
  ])("%s copies the Markdown or the code as it was written", async (argument, text, words) => {
    expect(await copy(argument)).toEqual({ copied: [text], notes: [words] });
  });

  it.each(["0", "3", "-1", "two", "1.5"])(
    "%s copies nothing and says how many there are",
    async (argument) => {
      expect(await copy(argument)).toEqual({
        copied: [],
        notes: ["The last answer has 2 code blocks: /copy takes a number of one."],
      });
    },
  );

  it("says so where there is nothing to copy", async () => {
    expect(await copy("", { answer: "" })).toEqual({
      copied: [],
      notes: ["There is no answer to copy yet."],
    });
    const { notes } = await copy("1", { answer: "Words." });
    expect(notes).toEqual(["The last answer has no code block; /copy takes it whole."]);
  });

  it.each<[Copied, RegExp]>([
    [
      "sent",
      /^Sent the answer to your terminal's clipboard; if it isn't there, .*\/raw prints the answer\.$/,
    ],
    ["tooLarge", /^No clipboard here takes as much .*\/raw prints/],
    ["none", /^The clipboard can't be reached from here; \/raw prints the answer\.$/],
  ])("says what became of it: %s", async (outcome, words) => {
    const { notes } = await copy("", { outcome });
    expect(notes).toEqual([expect.stringMatching(words)]);
  });
});
