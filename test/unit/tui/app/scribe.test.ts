import { describe, expect, it } from "vitest";
import { createScribe } from "../../../../src/tui/app/scribe.ts";

function open() {
  let shown = "";
  const display = { columns: 60, color: false, ascii: false, links: false };
  const scribe = createScribe({
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
    scribe.say({ type: "note", tone: "dim", lines: ["100 tokens"] });
    expect(shown()).toBe("\n> who?\n\nLogged in as jane\n\nYes.\n100 tokens\n");
  });

  it("puts one blank line between a question and its answer", () => {
    const { scribe, shown } = open();
    scribe.say({ type: "note", tone: "dim", lines: ["before"] });
    scribe.say({ type: "question", text: "who?" });
    scribe.say({ type: "delta", text: "Yes." });
    scribe.say({ type: "end" });
    scribe.say({ type: "note", tone: "dim", lines: ["7 earlier turns"] });
    scribe.say({ type: "past", question: "and?", answer: "No.", stopped: false });
    expect(shown()).toBe("before\n\n> who?\n\nYes.\n7 earlier turns\n\n> and?\n\nNo.\n");
  });
});
