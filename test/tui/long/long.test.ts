import { expect, test } from "vitest";
import type { Trouble } from "./asker.js";
import { sessionRun } from "./session-run.js";

const troubles: Trouble[][] = [["command", "resize"], ["suspend"], ["away"], ["stop"], []];

test("a session at a shell keeps each question once, pays it once and leaves nothing open, whatever happens meanwhile", async () => {
  const report = await sessionRun({
    turns: troubles.length,
    troublesOf: (turn) => troubles[turn - 1] ?? [],
  });
  expect(report.violations).toEqual([]);
  expect(report.troubles).toEqual({ away: 1, command: 1, resize: 1, stop: 1, suspend: 1 });
  expect(report.measured).toHaveLength(2);
}, 600_000);
