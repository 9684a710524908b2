import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openChatServer, streamAnswer } from "../../../support/chat-server.ts";
import type { SmallServer } from "../../../support/others-server.ts";
import { makeHome, runProgram, type Home } from "../../../support/run-program.ts";

let home: Home;
let server: SmallServer;
let other: SmallServer;
const open = () =>
  openChatServer((response, { body }) =>
    streamAnswer(response, [`You said: ${(JSON.parse(body) as { message: string }).message}`]),
  );
beforeEach(async () => {
  home = await makeHome();
  [server, other] = await Promise.all([open(), open()]);
});
afterEach(async () => {
  await Promise.all([server.close(), other.close()]);
  await home.remove();
});

const chat = (input: string, args: string[] = [], env: Record<string, string> = {}) =>
  runProgram(["chat", "--plain", ...args], {
    home,
    env: { AI_CHAT_TOKEN: "tok", AI_CHAT_SERVER: server.url, ...env },
    stdin: { pipe: input },
  });
const wayBack = (stderr: string) => / -r ([a-z0-9]{8})/.exec(stderr)?.[1] ?? "";

test("a conversation is saved, and -c and -r ID continue it and print the old turns only on stderr", async () => {
  const first = await chat("one\ntwo\n");
  const id = wayBack(first.stderr);
  expect(id).not.toBe("");
  const newest = await chat("three\n", ["-c"]);
  expect(newest.stdout).toBe("You said: three\n");
  expect(newest.stderr).toContain("> two\nYou said: two\n");
  expect(wayBack(newest.stderr)).toBe(id);
  const named = await chat("/quit\n", ["-r", id.slice(0, 5)]);
  expect(named.stderr).toContain("> three\n");
  expect(named.code).toBe(0);
});

test("-r without an ID lists the conversations, and /resume opens one", async () => {
  const id = wayBack((await chat("what is Rome\n")).stderr);
  const { stderr } = await chat(`/resume ${id.slice(0, 6)}\nand Naples\n`, ["-r"]);
  expect(stderr).toMatch(new RegExp(`^${id}  what is Rome  \\(just now · 1 turn\\)$`, "m"));
  expect(wayBack(stderr)).toBe(id);
  expect((await chat("/search naples\n")).stderr).toContain(id);
});

test("/versions lists the versions of turns and chooses one, and /fork goes on with a copy", async () => {
  const first = await chat("one\n/edit\nONE\n/versions\n/versions 1.1\n/fork\ntwo\n");
  expect(first.stderr).toMatch(/^1\.1 {2}one {2}\(turn 1 · version 1 of 2 · just now\) {2}You said: one$/m);
  expect(first.stderr).toMatch(/^1\.2 {2}ONE {2}\(.* · shown\) {2}You said: ONE$/m);
  expect(first.stderr).toContain("/versions N.V goes on with one of them.\n> one\nYou said: one\n");
  const fork = wayBack(first.stderr.slice(first.stderr.lastIndexOf("To go on:")));
  const again = await chat("/quit\n", ["-r", fork]);
  expect(again.stderr).toContain("> one\nYou said: one\n> two\nYou said: two\nGoing on with: one (fork)");
});

test("--no-save and the setting save=false save nothing", async () => {
  expect(wayBack((await chat("secret\n", ["--no-save"])).stderr)).toBe("");
  const settings = join(home.dir, "config", "ai-chat");
  await mkdir(settings, { recursive: true });
  await writeFile(join(settings, "config.json"), JSON.stringify({ save: false }));
  expect(wayBack((await chat("secret\n")).stderr)).toBe("");
  await expect(readdir(join(home.dir, "data", "ai-chat", "conversations"))).rejects.toThrow("ENOENT");
});

test("a conversation continues at its server without AI_CHAT_TOKEN, and -s with another server is refused", async () => {
  const id = wayBack((await chat("one\n")).stderr);
  const refused = await chat("two\n", ["-r", id, "-s", other.url]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(server.url);
  expect(refused.stderr).toContain(`chat -r ${id}`);
  const elsewhere = await chat("two\n", ["-r", id], { AI_CHAT_SERVER: other.url });
  // The token was for the chosen server, which isn't the conversation's.
  expect(elsewhere.code).toBe(4);
  expect(elsewhere.stderr).toContain(`Not logged in to ${new URL(server.url).host}`);
  expect(other.seen.filter(({ url }) => url === "/api/chat/")).toEqual([]);
});

test.each([
  [["-r", "zzzzzzzz"], "There is no conversation zzzzzzzz."],
  [["-c", "-r", "abc"], "--continue and --resume don't go together."],
])("%s is refused before connecting: exit 2", async (args, words) => {
  const { code, stderr } = await chat("one\n", args);
  expect(code).toBe(2);
  expect(stderr).toContain(words);
  expect(server.seen).toEqual([]);
});

test("/server local with a damaged folder reports the damage, and the session stays at its server", async () => {
  const folder = join(home.dir, "data", "ai-chat", "server");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "ledger.jsonl"), '{"format":"ai-chat-ledger","version":1}\n');
  const { code, stdout, stderr } = await chat("/server local\nstill there?\n");
  expect({ code, stdout }).toEqual({ code: 0, stdout: "You said: still there?\n" });
  expect(stderr).toMatch(/^ledger\.jsonl, line 1 .*\nNothing was changed\. Restore/m);
});

test("/server sends neither the first server's token nor its conversation to the new server", async () => {
  const { stderr } = await chat(`one\n/server ${other.url}\ntwo\n`);
  expect(stderr).toContain(`Now at ${other.url.replace("http://", "")}`);
  const sent = other.seen.map(({ headers, body }) => JSON.stringify(headers) + body).join();
  expect(sent).not.toContain('tok"');
  expect(sent).not.toContain("Bearer tok");
  const dir = join(home.dir, "data", "ai-chat", "conversations");
  const files = await Promise.all((await readdir(dir)).map((name) => readFile(join(dir, name), "utf8")));
  expect(files).toHaveLength(1);
  expect(files[0]).not.toContain("two");
});
