import { expect, test } from "vitest";
import { crashRun } from "./crash-run.js";

test("a server that is killed under load again and again charges every answered question exactly once", async () => {
  const report = await crashRun({ kills: 8, questions: 60 });
  expect(report.violations).toEqual([]);
  expect(report.kills).toBeGreaterThanOrEqual(8);
  expect(report.questions).toBeGreaterThanOrEqual(60);
});
