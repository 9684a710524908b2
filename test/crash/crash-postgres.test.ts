import { expect, test } from "vitest";
import { noOwnPostgres, skipped } from "../support/postgres.ts";
import { crashRun } from "./crash-run.js";
import { openDatabase } from "./on-postgres.ts";

test.skipIf(noOwnPostgres)(
  `a server and its Postgres that are killed under load charge every answered question once${skipped(noOwnPostgres)}`,
  async ({ signal }) => {
    const report = await crashRun({ kills: 8, questions: 60, open: openDatabase, signal });
    expect(report.violations).toEqual([]);
    expect(report.kills).toBeGreaterThanOrEqual(8);
    expect(report.questions).toBeGreaterThanOrEqual(60);
  },
);
