import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { statusLine } from "../../../src/tui/status-line.ts";

const jane = {
  username: "jane",
  signedIn: true,
  server: "chat.school.org",
  tokens: 3900,
  price: 100,
  model: "gpt-4o-mini",
  offered: { price: 100 },
  title: "trip to Rome",
};

describe("the status line", () => {
  it.each([
    [90, jane, "jane@chat.school.org · 3,900 tokens · 39 questions · gpt-4o-mini · trip to Rome"],
    [76, jane, "jane@chat.school.org · 3,900 tokens · 39 questions · gpt-4o-mini · trip to…"],
    [72, jane, "jane@chat.school.org · 3,900 tokens · 39 questions · gpt-4o-mini"],
    [61, jane, "jane@chat.school.org · 3,900 tokens · 39 questions"],
    [59, jane, "3,900 (39 q) · jane@chat.school.org · gpt-4o-mini"],
    [40, jane, "3,900 (39 q) · jane@chat.school.org"],
    [20, jane, "3,900 (39 q)"],
    [80, { ...jane, tokens: null, price: null, model: null, title: null }, "jane@chat.school.org"],
    [
      80,
      { ...jane, username: null },
      "chat.school.org · 3,900 tokens · 39 questions · gpt-4o-mini · trip to Rome",
    ],
    [
      80,
      { ...jane, signedIn: false, tokens: null },
      "chat.school.org (not logged in) · gpt-4o-mini · trip to Rome",
    ],
  ])("fits %i columns", (columns, status, line) => {
    expect(statusLine(status, columns, false)).toBe(line);
  });

  it("is never as wide as the screen", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.string({ maxLength: 150 }), (columns, username) => {
        expect(statusLine({ ...jane, username }, columns, false).length).toBeLessThan(columns);
      }),
    );
  });
});
