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
    [90, jane, "trip to Rome · gpt-4o-mini · 39 questions left · jane@chat.school.org"],
    [70, jane, "trip to Rome · gpt-4o-mini · 39 questions left · jane@chat.school.org"],
    [69, jane, "trip to Rome · gpt-4o-mini · 39 questions left"],
    [45, jane, "trip to R… · gpt-4o-mini · 39 questions left"],
    [42, jane, "gpt-4o-mini · 39 questions left"],
    [31, jane, "39 questions left"],
    [17, jane, "39 questions lef"],
    [80, { ...jane, price: null, title: null }, "gpt-4o-mini · 3,900 tokens left · jane@chat.school.org"],
    [80, { ...jane, price: 500 }, "trip to Rome · gpt-4o-mini · 500 a question · 7 questions left"],
    [59, { ...jane, price: 500 }, "trip to… · gpt-4o-mini · 500 a question · 7 questions left"],
    [54, { ...jane, price: 500 }, "gpt-4o-mini · 500 a question · 7 questions left"],
    [47, { ...jane, price: 500 }, "gpt-4o-mini · 7 questions left"],
    [
      90,
      { ...jane, context: 83 },
      "trip to Rome · gpt-4o-mini · 39 questions left · context 83 % · jane@chat.school.org",
    ],
    [48, { ...jane, context: 83 }, "gpt-4o-mini · 39 questions left · context 83 %"],
    [80, { ...jane, tokens: null, price: null, model: null, title: null }, "jane@chat.school.org"],
    [80, { ...jane, username: null }, "trip to Rome · gpt-4o-mini · 39 questions left · chat.school.org"],
    [
      57,
      { ...jane, signedIn: false, tokens: null },
      "trip to… · gpt-4o-mini · chat.school.org (not logged in)",
    ],
    [40, { ...jane, signedIn: false, tokens: null }, "chat.school.org (not logged in)"],
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
