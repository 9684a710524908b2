import { describe, expect, it } from "vitest";
import { usageLines } from "../../../src/tui/usage-lines.ts";

const used = {
  tokens: 3_000,
  days: [
    { date: "2026-11-20", questions: 0, tokens: 0 },
    { date: "2026-11-21", questions: 1, tokens: 100 },
    { date: "2026-11-22", questions: 1_200, tokens: 120_000 },
  ],
};

describe("what was used", () => {
  it("is a bar a day, none for a day without questions, and the sum", () => {
    const lines = usageLines(used, { columns: 80, block: "#" });
    expect(lines).toEqual([
      "2026-11-20  0 questions",
      "2026-11-21  # 1 question",
      `2026-11-22  ${"#".repeat(36)} 1,200 questions`,
      "1,201 questions, 120,100 tokens in 3 days; 3,000 tokens left",
    ]);
  });

  it.each([40, 34])("has shorter bars on a screen of %i columns", (columns) => {
    const bars = usageLines(used, { columns, block: "#" }).slice(0, -1);
    expect(bars[2]).toContain("#");
    for (const line of bars) expect(line.length).toBeLessThan(columns);
  });

  it("has bars on the narrowest screen", () => {
    expect(usageLines(used, { columns: 10, block: "#" })[2]).toBe("2026-11-22  # 1,200 questions");
  });

  it("leaves out a balance that isn't told", () => {
    expect(usageLines({ ...used, tokens: null }, { columns: 80, block: "#" }).at(-1)).toBe(
      "1,201 questions, 120,100 tokens in 3 days",
    );
  });
});
