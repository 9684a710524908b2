import { afterEach, expect, test } from "vitest";
import { crashRun } from "./crash-run.js";
import { memoryRun } from "./memory-run.js";

let run: ReturnType<typeof crashRun> | undefined;

// Runs after a timeout too, so that no server is left running.
afterEach(() =>
  run?.then(
    () => {},
    () => {},
  ),
);

test("a server that is killed repeatedly under load charges every answered question exactly once", async ({
  signal,
}) => {
  run = crashRun({ kills: 8, questions: 60, signal });
  const report = await run;
  expect(report.violations).toEqual([]);
  expect(report.kills).toBeGreaterThanOrEqual(8);
  expect(report.questions).toBeGreaterThanOrEqual(60);
});

test("the memory of a server under load is measured, its charges are right, and nothing is left open", async () => {
  const { measured, questions, violations } = await memoryRun({
    intervals: 2,
    interval: 300,
    people: 4,
    visitors: 2,
  });
  expect(violations).toEqual([]);
  expect(questions).toBeGreaterThan(0);
  expect(measured).toHaveLength(2);
  for (const { rss } of measured) expect(rss).toBeGreaterThan(2 ** 20);
});
