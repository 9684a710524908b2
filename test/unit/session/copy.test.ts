import { describe, expect, it, onTestFinished } from "vitest";
import type { Copied } from "../../../src/session/command.ts";
import { copyCommand } from "../../../src/session/copy-command.ts";
import type { Answer } from "../../../src/session/saving.ts";
import { codeBlocks } from "../../../src/tui/markdown/code-blocks.ts";
import type { Session } from "../../../src/session/session.ts";
import { createSavedSessions } from "./saved-sessions.ts";

const ANSWER = "Do:\n\n```sh\nnpm ci\n```\n\n- then\n  ```js\n  go();\n    on();\n  ```\n";

/** What `/copy` puts on the clipboard and what it says. */
async function copy(
  argument: string,
  {
    answer = ANSWER,
    answers = [{ turn: 1, text: answer }],
    outcome = "copied",
  }: { answer?: string; answers?: Answer[]; outcome?: Copied } = {},
) {
  const notes: string[] = [];
  const copied: string[] = [];
  const offered: unknown[] = [];
  const session = {
    state: { phase: { kind: "idle" }, answer },
    saver: { answers: async () => answers },
    note: (_tone: string, ...lines: string[]) => notes.push(...lines),
  } as unknown as Session;
  await copyCommand.run(session, argument, {
    codeBlocks,
    print: () => undefined,
    copy: async (text) => (copied.push(text), outcome),
    choose: () => undefined,
    chooseModel: () => undefined,
    chooseText: (choices) =>
      void offered.push(...choices.map(({ id, title, detail }) => [id, title, detail].flat().join(" · "))),
    chooseVersion: () => undefined,
    chooseRole: () => undefined,
    clearScreen: () => undefined,
    quit: () => undefined,
    keys: [],
  });
  return { copied, notes, offered };
}

describe("/copy", () => {
  it.each([
    ["0", ANSWER, "Copied the answer."],
    ["1.0", ANSWER, "Copied the answer of turn 1."],
    ["1.2", "go();\n  on();", "Copied code block 2 of turn 1."],
    ["1", "npm ci", "Copied code block 1."],
    ["2", "go();\n  on();", "Copied code block 2."],
  ])("%s copies the Markdown or the code as it was written", async (argument, text, words) => {
    expect(await copy(argument)).toEqual({ copied: [text], notes: [words], offered: [] });
  });

  it.each([
    ["3", "The last answer has 2 code blocks."],
    ["1.5", "The answer of turn 1 has 2 code blocks."],
    ["2.1", "This conversation has 1 turn."],
    ["-1", "/copy takes the number of a code block, or of a turn and its block: /copy 5.2"],
    ["two", "/copy takes the number of a code block, or of a turn and its block: /copy 5.2"],
  ])("%s copies nothing and says why", async (argument, why) => {
    expect(await copy(argument)).toEqual({ copied: [], notes: [why], offered: [] });
  });

  it("offers every answer and code block, the last answer first", async () => {
    const answers = [
      { turn: 1, text: ANSWER },
      { turn: 2, text: "Words." },
    ];
    const rows = [
      "2.0 · Words. · turn 2 · answer · 1 line",
      expect.stringMatching(/^1\.0 · Do: .* · turn 1 · answer · 11 lines$/),
      "1.1 · npm ci · turn 1 · code block 1 · 1 line",
      "1.2 · go(); on(); · turn 1 · code block 2 · 2 lines",
    ];
    expect(await copy("", { answers, answer: "Words." })).toEqual({ copied: [], notes: [], offered: rows });
    const failed = await copy("", { answers, answer: "Half" });
    expect(failed.offered).toEqual(["0 · Half · not whole · answer · 1 line", ...rows]);
  });

  it("copies at once if there is one answer without code", async () => {
    const { copied, offered } = await copy("", { answer: "Words." });
    expect([copied, offered]).toEqual([["Words."], []]);
  });

  it("says so where there is nothing to copy", async () => {
    expect((await copy("", { answer: "" })).notes).toEqual(["There is no answer to copy yet."]);
    const { notes } = await copy("1", { answer: "Words." });
    expect(notes).toEqual(["The last answer has no code block; /copy 0 takes it whole."]);
  });

  it.each<[Copied, RegExp]>([
    [
      "sent",
      /^Sent the answer to your terminal's clipboard; if it isn't there, .*\/raw prints the answer\.$/,
    ],
    ["tooLarge", /^No clipboard here takes as much .*\/raw prints/],
    ["none", /^The clipboard can't be reached from here; \/raw prints the answer\.$/],
  ])("says what became of it: %s", async (outcome, words) => {
    const { notes } = await copy("0", { outcome });
    expect(notes).toEqual([expect.stringMatching(words)]);
  });

  it("has the answers that are no longer sent, too", async () => {
    const sessions = await createSavedSessions();
    onTestFinished(() => sessions.remove());
    const saved = sessions.conversations();
    const id = saved.start({ server: "local", username: "jane" });
    for (let at = 1; at <= 103; at += 1)
      await saved.append(id, { question: "?", answer: `${at}`, tokensDeducted: 100, model: "demo" });
    const { session } = sessions.open({ beginning: { kind: "id", id } });
    await session.start();
    expect(session.state.earlier).toBe(3);
    const all = Array.from({ length: 103 }, (_, at) => ({ turn: at + 1, text: `${at + 1}` }));
    expect(await session.saver.answers()).toEqual(all);
  });
});
