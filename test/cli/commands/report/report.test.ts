import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { compactFolder } from "../../../../src/server/stores/json/compact.ts";
import { openJsonStore } from "../../../../src/server/stores/json/store.ts";
import { atTerminal } from "../../../support/at-terminal.ts";
import { moveInto, runInside } from "../../../support/run-inside.ts";
import { makeHome, program, runProgram, type Home } from "../../../support/run-program.ts";

const env = { AI_CHAT_PASSWORD: "correct horse" };
const DAY = 24 * 60 * 60 * 1000;

let home: Home;
beforeAll(async () => {
  home = await makeHome();
  for (const args of [
    ["register", "-s", "local", "-u", "jane"],
    ["ask", "-s", "local", "hello"],
    ["ask", "-s", "local", "again"],
    ["register", "-s", "local", "-u", "joe"],
    ["ask", "-s", "local", "hello"],
  ])
    await runProgram(args, { home, env });
});
beforeEach(() => moveInto(home));
afterEach(() => void vi.unstubAllEnvs());
afterAll(() => home.remove());

const report = (...args: string[]) => runInside(["report", ...args]);
const rows = async (...args: string[]) => JSON.parse((await report(...args, "--json")).stdout) as object[];

test("each day to look back has a line, and today what was used", async () => {
  const ledger = await readFile(join(home.dir, "data", "ai-chat", "server", "ledger.jsonl"), "utf8");
  const facts = ledger
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { fact: string; at: string });
  const charged = facts.filter(({ fact }) => fact === "charge").map(({ at }) => at.slice(0, 10));
  const days = (await rows("--days", "3")) as { day: string }[];
  const last = Date.parse(days[2]!.day);
  // The day can end meanwhile.
  expect([0, DAY]).toContain(last - Date.parse(charged[0]!));
  expect(days).toEqual(
    [2, 1, 0].map((ago) => {
      const day = new Date(last - ago * DAY).toISOString().slice(0, 10);
      const questions = charged.filter((one) => one === day).length;
      return { day, questions, tokens: 100 * questions };
    }),
  );
  expect(await rows()).toHaveLength(30);
});

test("accounts and models have their sums, and a pipe gets a table with the total", async () => {
  expect(await rows("--by", "account")).toEqual([
    { account: "jane", questions: 2, tokens: 200 },
    { account: "joe", questions: 1, tokens: 100 },
  ]);
  const models = await rows("--by", "model");
  expect(models).toEqual([{ model: expect.any(String), questions: 3, tokens: 300 }]);
  expect((await report("--by", "account")).stdout).toBe(
    "account  questions  tokens\njane             2     200\njoe              1     100\ntotal            3     300\n",
  );
  expect((await report("--by", "account", "--csv")).stdout).toBe(
    "account,questions,tokens\r\njane,2,200\r\njoe,1,100\r\n",
  );
});

test("a terminal gets bars, with NO_COLOR without colour", async () => {
  const run = async (more: Record<string, string>) => {
    const terminal = atTerminal([process.execPath, program, "report", "--by", "account"], {
      home,
      env: more,
    });
    expect(await terminal.ended).toBe(0);
    return terminal.screen().replaceAll("\r\n", "\n");
  };
  expect(await run({})).toContain(`jane             2     200  \x1b[32m${"█".repeat(40)}\x1b[0m\n`);
  expect(await run({ NO_COLOR: "1" })).toContain(`joe              1     100  ${"█".repeat(20)}\n`);
  expect(await run({ NO_COLOR: "1", LANG: "C" })).toContain(
    `joe              1     100  ${"#".repeat(20)}\n`,
  );
});

test.each([
  [["jane"], /report takes no words/],
  [["--days", "0"], /--days must be a whole number from 1 to 3650/],
  [["--by", "week"], /--by must be account, day or model/],
  [["--csv", "--json"], /two forms of the same/],
  [["--since", "2026-11-01"], /report has no option --since/],
  [["--data", "/does/not/exist"], /There is no store in/],
])("%j: exit 2", async (args, why) => {
  expect(await report(...args)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(why) });
});

test("what is older than the days of a compacted ledger is a line for its month, which is said", async () => {
  const dir = join(home.dir, "compacted");
  const warn = () => {};
  const asked = Date.now() - 200 * DAY;
  const store = await openJsonStore({ dir, warn, models: true, now: () => asked });
  const made = await store.accounts.create({ name: "jane", passwordHash: "$2b$", tokens: 4000 });
  if (made.kind !== "created") throw new Error(made.kind);
  const question = { account: made.account.id, digest: "d", price: 100, model: "small", expires: asked + 1 };
  await store.ledger.hold({ id: "h1", ...question });
  await store.ledger.charge("h1");
  await store.close();
  await compactFolder(dir, { warn });
  const month = new Date(asked).toISOString().slice(0, 7);
  const days = (await rows("--data", dir, "--days", "300")) as { questions: number }[];
  expect(days.filter(({ questions }) => questions > 0)).toEqual([{ day: month, questions: 1, tokens: 100 }]);
  expect((await report("--data", dir, "--days", "300")).stderr).toContain(
    `it has only whole months of ${month}`,
  );
  expect((await report("--data", dir, "--days", "90")).stderr).toBe("");
});
