import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testInCopies } from "../../../support/prepared-home.ts";
import { runInside } from "../../../support/run-inside.ts";
import { runProgram, startProgram, type Home } from "../../../support/run-program.ts";

let home: Home;
testInCopies(
  (home) =>
    runProgram(["register", "-s", "local", "-u", "Jane"], {
      home,
      env: { AI_CHAT_PASSWORD: "correct horse" },
    }),
  (made) => (home = made),
);

const take = (...words: string[]) => runInside(["take", ...words]);
const facts = async () =>
  (await readFile(join(home.dir, "data", "ai-chat", "server", "ledger.jsonl"), "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test("take takes at most what is there, says how much, and once for an id", async () => {
  const server = await startProgram(["serve", "--port", "0", "--log", "silent"], { home });
  await server.sees("Ctrl-C", "stderr");
  const because = ["--reason", "granted twice", "--yes"];
  const first = await take("jane", "500", ...because, "--by", "anna");
  expect(first).toMatchObject({ code: 0, stdout: "Took 500 tokens from Jane; the balance is 3,500.\n" });
  expect(first.stderr).toMatch(/^The ID of this take is \S+\.\n$/);
  expect((await facts()).at(-1)).toMatchObject({
    fact: "take",
    tokens: -500,
    asked: 500,
    reason: "granted twice",
    by: "anna",
  });
  server.child.kill("SIGTERM");
  await server.ended;
  const once = [...because, "--id", "june"];
  expect((await take("jane", "9000", ...once)).stdout).toBe(
    "Took 3,500 of 9,000 tokens from Jane; the balance is 0.\n",
  );
  expect((await take("jane", "9000", ...once)).stdout).toBe(
    "Already taken: Jane lost 3,500 of 9,000 tokens under the ID june; the balance is 0.\n",
  );
  expect((await take("jane", "9000", ...once, "--json")).stdout).toBe(
    '{"username":"Jane","taken":0,"tokens":0,"id":"june"}\n',
  );
  const other = await take("jane", "1", ...once, "--json");
  expect(other).toMatchObject({ code: 2, stdout: "" });
  expect(JSON.parse(other.stderr)).toMatchObject({ error: { code: "idempotency_key_reused" } });
});

const wrong: [words: string[], why: RegExp][] = [
  [["jane"], /a name and a number/],
  [["jane", "5", "6", "--reason", "x"], /a name and a number/],
  [["jane", "0", "--reason", "x"], /must be a whole number/],
  [["jane", "5"], /take needs --reason/],
  [["jane", "5", "--reason", " "], /--reason must be/],
  [["joe", "5", "--reason", "x"], /There is no user "joe" in /],
  [
    ["jane", "5", "--reason", "x", "--id", "refill:2026-11-26"],
    /--id must be an ID that does not begin with refill:/,
  ],
  [["jane", "5", "--reason", "x"], /will lose up to 5 tokens\. The balance is 4,000\./],
];

test("a take with invalid arguments ends with exit 2 and two lines, and changes nothing", async () => {
  for (const [words, why] of wrong) {
    const refused = await take(...words);
    expect(refused).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(why) });
    expect(refused.stderr.trimEnd().split("\n")).toHaveLength(2);
  }
  expect(await facts()).toHaveLength(2);
});
