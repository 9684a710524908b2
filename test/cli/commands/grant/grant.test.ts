import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeHome, runProgram, startProgram, type Home } from "../../../support/run-program.ts";

let home: Home;
beforeEach(async () => {
  home = await makeHome();
  const env = { AI_CHAT_PASSWORD: "correct horse" };
  await runProgram(["register", "-s", "local", "-u", "Jane"], { home, env });
});
afterEach(() => home.remove());

const folder = () => join(home.dir, "data", "ai-chat", "server");
const grant = (...words: string[]) => runProgram(["grant", ...words], { home });
const tokens = async () => (await runProgram(["balance", "-q"], { home })).stdout.trim();
const facts = async () =>
  (await readFile(join(folder(), "ledger.jsonl"), "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test("grant gives tokens in the user's folder, to a name in any case, with a line in the ledger", async () => {
  const { code, stdout, stderr } = await grant("jANE", "4000");
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: "Gave Jane 4,000 tokens; the balance is 8,000.\n",
    stderr: "",
  });
  expect(await tokens()).toBe("8000");
  expect((await facts()).at(-1)).toMatchObject({
    fact: "grant",
    name: "Jane",
    tokens: 4000,
    reason: "grant by operator",
    balance: 8000,
  });
});

test("grant goes through the server that runs on the folder, which shows the new balance at once", async () => {
  const server = await startProgram(["serve", "--port", "0", "--log", "silent"], { home });
  await server.sees("Ctrl-C", "stderr");
  const given = await Promise.all([1, 2, 3].map((count) => grant("jane", String(count), "--json")));
  expect(given.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(await tokens()).toBe("4006");
  const unknown = await grant("joe", "1");
  expect(unknown).toMatchObject({ code: 2, stdout: "" });
  expect(unknown.stderr).toMatch(
    /^ai-chat: There is no user "joe" in .*\n.*ai-chat grant joe 1 --data DIR\n$/,
  );
  server.child.kill("SIGTERM");
  expect((await server.ended).code).toBe(0);
});

test("grant with the same id is one grant, with a server and without, and a different grant is refused", async () => {
  const document = (granted: number) => `${JSON.stringify({ username: "Jane", granted, tokens: 4500 })}\n`;
  expect((await grant("jane", "500", "--id", "june", "--json")).stdout).toBe(document(500));
  const server = await startProgram(["serve", "--port", "0", "--log", "silent"], { home });
  await server.sees("Ctrl-C", "stderr");
  expect((await grant("jane", "500", "--id", "june", "--json")).stdout).toBe(document(0));
  expect((await grant("jane", "500", "--id", "june")).stdout).toContain("Already granted");
  const other = await grant("jane", "501", "--id", "june", "--json");
  expect(other).toMatchObject({ code: 2, stdout: "" });
  expect(JSON.parse(other.stderr)).toMatchObject({ error: { code: "idempotency_key_reused" } });
  server.child.kill("SIGTERM");
  await server.ended;
  expect((await facts()).filter(({ fact }) => fact === "grant")).toHaveLength(1);
});

test("many grants at once without a server are all recorded", async () => {
  const given = await Promise.all(Array.from({ length: 6 }, () => grant("jane", "10")));
  expect(given.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
    given.map(() => ({ code: 0, stderr: "" })),
  );
  expect(await tokens()).toBe("4060");
});

test("a grant whose server is stopped midway reports an unknown outcome, and how to repeat it safely", async () => {
  const server = await startProgram(["serve", "--port", "0", "--log", "silent"], { home });
  await server.sees("Ctrl-C", "stderr");
  server.child.kill("SIGSTOP");
  const { code, stderr } = await grant("jane", "9");
  server.child.kill("SIGCONT");
  expect(code).toBe(6);
  expect(stderr).toMatch(/doesn't answer\.\n.*not known/);
  const again = /grant jane 9 --id \S+/.exec(stderr)?.[0].split(" ") ?? [];
  expect((await runProgram(again, { home })).code).toBe(0);
  expect(await tokens()).toBe("4009");
  server.child.kill("SIGTERM");
  await server.ended;
});

const wrong: [words: string[], why: RegExp][] = [
  [[], /a name and a number/],
  [["jane"], /a name and a number/],
  [["jane", "0"], /must be a whole number/],
  [["jane", "4,000"], /must be a whole number[^]*"4,000"/],
  [["jane", "-5"], /must be a whole number/],
  [["jane", "9007199254740992"], /must be a whole number/],
  [["jane", "9007199254740991"], /no balance may be above/],
  [["jane", "5", "more"], /a name and a number/],
  [["jane", "5", "--id", "two words"], /--id must be/],
  [["jane", "5", "--data", "/does/not/exist"], /There is no store in/],
  [["jane", "5", "--data", "x", "--store", "postgres://x"], /two different stores/],
];

test("a grant with invalid arguments ends with exit 2 and two lines, and changes nothing", async () => {
  const refused = await Promise.all(wrong.map(([words]) => grant(...words)));
  for (const [at, [, why]] of wrong.entries()) {
    expect(refused[at]).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(why) });
    expect(refused[at]?.stderr.trimEnd().split("\n")).toHaveLength(2);
  }
  expect(await facts()).toHaveLength(2);
});

test("a 402 from the local server prints the grant command that helps", async () => {
  const env = { AI_CHAT_PRICE: "5000" };
  const { code, stderr } = await runProgram(["ask", "hello"], { home, env });
  expect(code).toBe(5);
  const words = /ai-chat (grant Jane 4000)/.exec(stderr)?.[1]?.split(" ") ?? [];
  expect((await runProgram(words, { home })).code).toBe(0);
  expect((await runProgram(["ask", "hello"], { home, env })).code).toBe(0);
});
