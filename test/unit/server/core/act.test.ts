import { expect, test } from "vitest";
import { z } from "zod";
import { actFields } from "../../../../src/server/core/act.ts";

const act = z.object(actFields);

test("a reason and a name are one line of at most 200 characters, or null", () => {
  const taken = ["a", "left the class", "=1+1", "Ünï 🎓", "🎓".repeat(200), null];
  for (const text of taken) expect(act.safeParse({ reason: text, by: text }).success, `${text}`).toBe(true);
  const refused = [
    "",
    "  ",
    "a\nb",
    "a\tb",
    "\x1b[31m",
    "\x7f",
    "\x9b",
    "a\u2028b",
    "\ud800",
    "a".repeat(201),
    5,
  ];
  for (const text of refused) {
    expect(act.safeParse({ reason: text, by: null }).success, `${text}`).toBe(false);
    expect(act.safeParse({ reason: null, by: text }).success, `${text}`).toBe(false);
  }
});
