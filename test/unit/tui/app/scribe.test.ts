import { describe, expect, it } from "vitest";
import { createScribe } from "../../../../src/tui/app/scribe.ts";

function open(opening?: () => string) {
  let shown = "";
  const display = { columns: 60, color: false, ascii: false, links: false };
  const scribe = createScribe({
    opening,
    print: (text) => (shown += text),
    display: () => display,
    onChange: () => undefined,
  });
  return { scribe, shown: () => shown };
}

describe("the scribe", () => {
  it("puts a blank line between a note and the answer after it", () => {
    const { scribe, shown } = open();
    scribe.say({ type: "question", text: "who?" });
    scribe.say({ type: "note", tone: "dim", lines: ["Logged in as jane"] });
    scribe.say({ type: "delta", text: "Yes." });
    scribe.say({ type: "end" });
    scribe.say({ type: "cost", spent: ["100 tokens"], milliseconds: 4_300, tokens: 3900 });
    expect(shown()).toBe("\n> who?\n\nLogged in as jane\n\nYes.\n\n100 tokens · 4 s\n");
  });

  it("puts one blank line between a question and its answer", () => {
    const { scribe, shown } = open();
    scribe.say({ type: "note", tone: "dim", lines: ["before"] });
    scribe.say({ type: "question", text: "who?" });
    scribe.say({ type: "delta", text: "Yes." });
    scribe.say({ type: "end" });
    scribe.say({ type: "note", tone: "dim", lines: ["7 earlier turns"] });
    scribe.say({ type: "past", question: "and?", answer: "No.", stopped: false });
    expect(shown()).toBe("before\n\n> who?\n\nYes.\n\n7 earlier turns\n\n> and?\n\nNo.\n");
  });

  it("puts no second blank line between a question and what it cost to stop it", () => {
    const { scribe, shown } = open();
    scribe.say({ type: "question", text: "who?" });
    scribe.say({ type: "end" });
    scribe.say({ type: "cost", spent: ["stopped", "0 tokens"], milliseconds: 100, tokens: 4000 });
    scribe.say({ type: "note", tone: "warn", lines: ["10 questions left."] });
    expect(shown()).toBe("\n> who?\n\nstopped · 0 tokens · 1 s\n10 questions left.\n");
  });

  it("shows the first lines in the live area until they are complete or something is said", () => {
    for (const said of [{ type: "begun" }, { type: "question", text: "who?" }] as const) {
      let model = "?";
      const { scribe, shown } = open(() => `${model}\nkeys\n`);
      expect([scribe.tail(12), scribe.tail(1), shown()]).toEqual([["?", "keys"], ["?"], ""]);
      model = "gpt";
      scribe.say(said);
      scribe.say({ type: "begun" });
      expect(scribe.tail(12)).toEqual([]);
      expect(shown()).toBe(said.type === "begun" ? "gpt\nkeys\n" : "gpt\nkeys\n\n> who?\n\n");
    }
  });
});
