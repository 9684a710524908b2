import { afterEach, expect, test } from "vitest";
import { crashRun } from "./crash-run.js";

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
