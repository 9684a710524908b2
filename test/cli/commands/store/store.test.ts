import { appendFile, readFile, readdir, rename, truncate, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { prepareHome } from "../../../support/prepared-home.ts";
import { moveInto, runInside } from "../../../support/run-inside.ts";
import { runProgram, startProgram, type Home } from "../../../support/run-program.ts";

let home: Home;
let dir: string;
const copyHome = prepareHome(async (home) => {
  const env = { AI_CHAT_PASSWORD: "correct horse" };
  await runProgram(["register", "-s", "local", "-u", "jane"], { home, env });
  await runProgram(["ask", "hello"], { home });
});
beforeEach(async () => {
  home = await copyHome();
  dir = join(home.dir, "data", "ai-chat", "server");
  moveInto(home);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await home.remove();
});

const check = (...words: string[]) => runInside(["store", "check", ...words]);
const ledger = () => join(dir, "ledger.jsonl");

async function damage(): Promise<void> {
  const bytes = await readFile(ledger());
  bytes[bytes.indexOf('"balance":3900')] = 0x5f;
  await writeFile(ledger(), bytes);
}

async function content(): Promise<string[]> {
  const names = (await readdir(dir)).filter((name) => !name.startsWith("lock."));
  return Promise.all(names.map(async (name) => name + (await readFile(join(dir, name), "latin1"))));
}

test("store check reports an undamaged folder and its contents: exit 0", async () => {
  const { code, stdout, stderr } = await check(dir);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const head = /"crc":"([0-9a-f]{8})"\}\n$/.exec(await readFile(ledger(), "utf8"))?.[1];
  expect(stdout).toBe(
    `${dir} is whole.\n  ledger   3 lines, 1 account, 3,900 tokens\n  head     line 3: ${head}\n`,
  );
  expect(JSON.parse((await check(dir, "--json")).stdout)).toEqual({
    ok: true,
    findings: [],
    notes: [],
    running: false,
    lines: 3,
    accounts: 1,
    tokens: 3900,
    head,
  });
});

test("a folder with a key is opened with it, from a flag, a variable or a configuration file, and else refused", async () => {
  const key = join(home.dir, "ledger.key");
  await writeFile(key, "k".repeat(32), { mode: 0o600 });
  const config = join(home.dir, "chat.json");
  await writeFile(config, JSON.stringify({ data: dir, ledger_key: "ledger.key", port: 0 }));
  const server = await startProgram(["serve", "--config", config], { home });
  await server.sees("Ctrl-C", "stderr");
  const granted = await runInside(["grant", "jane", "5", "--ledger-key", key]);
  expect(granted).toMatchObject({ code: 0, stdout: expect.stringContaining("3,905") });
  server.child.kill("SIGTERM");
  expect((await server.ended).stderr).toMatch(/store .*, with a key\n/);

  vi.stubEnv("AI_CHAT_LEDGER_KEY", key);
  const named = await check(dir, "--json");
  expect(JSON.parse(named.stdout)).toMatchObject({ ok: true, head: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect((await runInside(["ask", "hello"])).code).toBe(0);
  vi.stubEnv("AI_CHAT_LEDGER_KEY", undefined);
  expect((await runInside(["grant", "jane", "5", "--config", config])).code).toBe(0);
  expect((await check(dir, "--ledger-key", key)).stdout).toContain("8 lines, 1 account, 3,810 tokens");
  const copied = ["store", "copy", dir, join(home.dir, "copy"), "--ledger-key", key];
  expect((await runInside(copied)).code).toBe(0);

  for (const words of [
    ["serve", "--port", "0"],
    ["ask", "hello"],
    ["grant", "jane", "5"],
    ["store", "check", dir],
    ["store", "copy", dir, join(home.dir, "other")],
  ]) {
    expect(await runInside(words), words.join(" ")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/has a key, and none was named\.\n.*AI_CHAT_LEDGER_KEY/),
    });
  }
});

test("serve --check reads the file of the key: exit 2 if it cannot be one", async () => {
  const key = join(home.dir, "ledger.key");
  const checked = async () => runInside(["serve", "--check", "--ledger-key", key]);
  expect(await checked()).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("cannot be read (ENOENT)"),
  });
  await writeFile(key, "k".repeat(31), { mode: 0o600 });
  expect(await checked()).toMatchObject({ code: 2, stderr: expect.stringContaining("fewer than 32 bytes") });
  await writeFile(key, "k".repeat(32));
  expect(await checked()).toMatchObject({ code: 0 });
});

test("a key is refused beside a database", async () => {
  const store = "postgres://chat@127.0.0.1:1/chat";
  for (const words of [
    ["serve", "--store", store],
    ["grant", "jane", "5", "--store", store],
    ["store", "copy", store, join(home.dir, "copy")],
  ]) {
    const refused = await runInside([...words, "--ledger-key", "key"]);
    expect(refused, words.join(" ")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("protects a data folder, not a database"),
    });
  }
});

test("store check reads a folder in use without disturbing its server", async () => {
  const server = await startProgram(["serve", "--port", "0", "--log", "silent"], { home });
  await server.sees("Ctrl-C", "stderr");
  expect((await check(dir)).stdout).toContain("is whole; a server is running on it.");
  expect((await runInside(["ask", "hello"])).code).toBe(0);
  expect((await check(dir)).stdout).toContain("4 lines, 1 account, 3,800 tokens");
  server.child.kill("SIGTERM");
  await server.ended;
});

test("store check reports damage by file, line and byte, with a repair that works: exit 1", async () => {
  await damage();
  const before = await content();
  const { code, stdout } = await check(dir);
  expect(code).toBe(1);
  expect(stdout).toMatch(/is damaged\.\n {2}ledger {3}2 lines, .* before the damage\n/);
  expect(stdout).toMatch(/damage {3}ledger\.jsonl, line 3 \(byte \d+\): its checksum does not match/);
  expect(await content()).toEqual(before);
  const json = await check("--json", dir);
  expect(json).toMatchObject({ code: 1, stderr: "" });
  const [finding] = (JSON.parse(json.stdout) as { findings: { byte: number; line: number }[] }).findings;
  expect(finding).toMatchObject({ file: "ledger.jsonl", line: 3, byte: expect.any(Number) });

  const refused = await runInside(["balance"]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("line 3");
  expect((await runInside(["grant", "jane", "1"])).code).toBe(1);
  expect(await content()).toEqual(before);

  const bytes = await readFile(ledger());
  await writeFile(ledger(), bytes.subarray(0, finding?.byte));
  await rename(join(dir, "accounts.json"), join(dir, "accounts.json.old"));
  expect((await check(dir)).stdout).toContain("2 lines, 1 account, 4,000 tokens");
});

test("store check reports a torn tail as a note: exit 0, with null when the note is about a whole file", async () => {
  await appendFile(ledger(), '{"n":3');
  const torn = await check(dir);
  expect(torn.code).toBe(0);
  expect(torn.stdout).toMatch(/note {5}ledger\.jsonl, line 4 .* is incomplete/);
  await truncate(ledger(), 10);
  const { findings } = JSON.parse((await check(dir, "--json")).stdout) as { findings: object[] };
  expect(findings[0]).toMatchObject({ file: "ledger.jsonl", line: null, byte: null });
});

const wrong: [words: string[], why: RegExp][] = [
  [["store"], /needs a word/],
  [["store", "chekc", "x"], /does not know "chekc"[^]*store check x/],
  [["store", "check"], /takes one folder/],
  [["store", "check", "a", "b"], /takes one folder/],
  [["store", "check", "/does/not/exist"], /There is no folder/],
  [["store", "check", "."], /nothing to check/],
  [["store", "check", "a", "--store", "postgres://h/d"], /one folder or one database/],
  [["store", "check", "--store", "postgres://u:geheim@h/d"], /password in --store can be read/],
  [["store", "check", "--store", "postgres://h/d", "--ledger-key", "k"], /protects a data folder/],
  [["store", "copy", "a", "b", "--store", "postgres://h/d"], /store copy has no option --store/],
];

test("store check with invalid arguments ends with exit 2 and two lines", async () => {
  for (const [words, why] of wrong) {
    const refused = await runInside(words);
    expect(refused).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(why) });
    expect(refused.stderr.trimEnd().split("\n")).toHaveLength(2);
  }
});

test("store compact begins a new ledger, which the other commands read; a database and two folders are refused", async () => {
  const { code, stdout, stderr } = await runInside(["store", "compact", dir]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/1 account with 3,900 tokens, as before\.\n  before  3 lines, .*\n  after   /);
  const older = join(dir, /ledger-\d+\.jsonl/.exec(stdout)?.[0] ?? "");
  expect((await readFile(older, "utf8")).match(/\n/g)).toHaveLength(3);
  const facts = JSON.parse((await runInside(["ledger", "jane", "--json"])).stdout);
  expect(facts).toMatchObject([{ fact: "opening", balance: 3900 }]);
  const used = JSON.parse((await runInside(["report", "--by", "account", "--json"])).stdout);
  expect(used).toEqual([{ account: "jane", questions: 1, tokens: 100 }]);
  const again = await runInside(["store", "compact", relative(process.cwd(), dir), "--json"]);
  expect(JSON.parse(again.stdout)).toMatchObject({ store: dir });
  for (const words of [[], ["postgres://db/chat"], [dir, dir], [dir, "--now"], [home.dir]])
    expect((await runInside(["store", "compact", ...words])).code).toBe(2);
});
