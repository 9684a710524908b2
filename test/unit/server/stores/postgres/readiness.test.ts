import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { overloaded } from "../../../../../src/server/stores/postgres/lanes.ts";
import {
  unavailable,
  type Database,
  type Health,
} from "../../../../../src/server/stores/postgres/database.ts";
import { openReadiness, WRITE } from "../../../../../src/server/stores/postgres/readiness.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const sqlError = (code: string) => Object.assign(new Error(code), { severity: "FATAL", code });
const full = unavailable(sqlError("53300"));
const lost = unavailable(Object.assign(new Error("gone"), { code: "ECONNREFUSED" }));
const diskFull = unavailable(sqlError("53100"));
const busy = overloaded(new Error("timeout exceeded when trying to connect"));

type Answer = Error | "on" | "off";

/** A check whose two databases answer as told; what each was asked. */
function fake({ own, statements }: { own: Answer; statements: Answer }, seen: Partial<Health> = {}) {
  const health = { answered: performance.now(), unwritten: undefined, starved: false, ...seen } as Health;
  const answers = { own, statements };
  const asked: string[] = [];
  const runOf =
    (which: "own" | "statements"): Database["run"] =>
    async (sql) => {
      if (sql.includes("pg_stat_activity")) return { rows: [], conflict: false, repeated: false };
      asked.push(`${which} ${sql === WRITE ? "writes" : "reads"}`);
      const answer = answers[which];
      if (answer instanceof Error) throw answer;
      return { rows: [{ transaction_read_only: answer }] as never[], conflict: false, repeated: false };
    };
  const readiness = openReadiness(
    { run: runOf("own"), close: async () => {} },
    { run: runOf("statements"), health },
  );
  return { readiness, health, answers, asked };
}

const rows: [string, { own: Answer; statements: Answer }, boolean][] = [
  ["its own connection answers", { own: "off", statements: lost }, true],
  ["its own connection leads to a replica", { own: "on", statements: "off" }, false],
  ["its own connection is lost, and the others answer", { own: lost, statements: "off" }, true],
  ["all are lost", { own: lost, statements: lost }, false],
  ["the database grants it none, and the others are busy", { own: full, statements: busy }, true],
  ["its own connection is lost, and the others are busy", { own: lost, statements: busy }, true],
];
test("after a successful statement, readiness depends on the check's connection and on the statements", async () => {
  for (const [row, answers, ready] of rows) expect(await fake(answers).readiness.ask(), row).toBe(ready);
});

test("a successful statement counts for five seconds if the check's connection is refused", async () => {
  const { readiness, asked } = fake({ own: full, statements: busy });
  vi.advanceTimersByTime(4_999);
  expect(await readiness.ask()).toBe(true);
  // Nobody waits for a connection to hear this.
  expect(asked).not.toContain("statements reads");
  vi.advanceTimersByTime(1);
  expect(await readiness.ask()).toBe(false);
});

test("the check uses the statements' connections if the database grants none to questions", async () => {
  const { readiness, asked } = fake({ own: "off", statements: full }, { starved: true, answered: -1e9 });
  expect(await readiness.ask()).toBe(false);
  expect(asked).toEqual(["statements reads"]);
});

test("the check writes once a second after a failed write, until a write succeeds", async () => {
  const { readiness, health, answers, asked } = fake(
    { own: diskFull, statements: "off" },
    { unwritten: "x" },
  );
  expect(await readiness.ask()).toBe(false);
  vi.advanceTimersByTime(999);
  expect(await readiness.ask()).toBe(false);
  expect(asked).toEqual(["own writes"]);
  asked.length = 0;
  answers.own = "off";
  expect(await readiness.ask()).toBe(false);
  expect(asked).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(await readiness.ask()).toBe(true);
  expect(health.unwritten).toBeUndefined();
  expect(await readiness.ask()).toBe(true);
  expect(asked).toEqual(["own writes", "own reads"]);
});

test("concurrent callers share one check", async () => {
  const { readiness, asked } = fake({ own: "off", statements: "off" });
  expect(await Promise.all([readiness.ask(), readiness.ask()])).toEqual([true, true]);
  expect(asked).toEqual(["own reads"]);
});
