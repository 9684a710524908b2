import { readFile, writeFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeHome, runProgram, type Home } from "../../../support/run-program.ts";

let home: Home;
beforeEach(async () => {
  home = await makeHome();
});
afterEach(() => home.remove());

const file = () => join(home.dir, "config", "ai-chat", "config.json");
const config = (args: string[], env: Record<string, string> = {}) =>
  runProgram(["config", ...args], { home, env });
const list = async (env: Record<string, string> = {}) =>
  JSON.parse((await config(["list", "--json"], env)).stdout) as unknown;

test("config list prints every value and its source", async () => {
  expect(await list()).toEqual([
    { key: "server", value: "http://127.0.0.1:8000", source: "default" },
    { key: "model", value: null, source: "default" },
    { key: "role", value: null, source: "default" },
    { key: "save", value: true, source: "default" },
    { key: "plain", value: false, source: "default" },
    { key: "theme", value: "auto", source: "default" },
    { key: "notify", value: "auto", source: "default" },
    { key: "timeout", value: 300, source: "default" },
    { key: "editor", value: "vi", source: "default" },
  ]);
  await config(["set", "server", "Chat.Example.org/"]);
  await config(["set", "timeout", "60"]);
  expect(await list({ EDITOR: "vim" })).toEqual([
    { key: "server", value: "https://chat.example.org", source: "file" },
    { key: "model", value: null, source: "default" },
    { key: "role", value: null, source: "default" },
    { key: "save", value: true, source: "default" },
    { key: "plain", value: false, source: "default" },
    { key: "theme", value: "auto", source: "default" },
    { key: "notify", value: "auto", source: "default" },
    { key: "timeout", value: 60, source: "file" },
    { key: "editor", value: "vim", source: "environment" },
  ]);
  expect((await config(["list"])).stdout).toMatch(/^server {3}https:\/\/chat\.example\.org {2}file$/m);
});

test("other commands use a value from config set until config unset removes it", async () => {
  expect(await config(["set", "server", "localhost:9"])).toEqual({
    code: 0,
    signal: null,
    stdout: "",
    stderr: "",
  });
  expect((await config(["get", "server"])).stdout).toBe("http://localhost:9\n");
  const whoami = await runProgram(["whoami"], { home });
  expect([whoami.code, whoami.stderr]).toEqual([4, expect.stringContaining("http://localhost:9")]);
  await config(["unset", "server"]);
  expect((await config(["get", "server"])).stdout).toBe("http://127.0.0.1:8000\n");
  expect(JSON.parse(await readFile(file(), "utf8"))).toEqual({});
});

test("a model is kept for each server, and -s goes with nothing else", async () => {
  const there = ["-s", "chat.example.org"];
  expect(await config(["set", "model", "big", ...there])).toMatchObject({
    code: 0,
    stderr: "This is the model for https://chat.example.org.\n",
  });
  expect((await config(["get", "model", ...there])).stdout).toBe("big\n");
  expect((await config(["get", "model"])).stdout).toBe("\n");
  expect((await config(["get", "model"], { AI_CHAT_ASK_MODEL: "tiny" })).stdout).toBe("tiny\n");
  await config(["unset", "model", ...there]);
  expect((await config(["get", "model", ...there])).stdout).toBe("\n");
  expect(await config(["set", "timeout", "9", ...there])).toMatchObject({ code: 2 });
});

test("config path prints the file's path, and the environment overrides the file", async () => {
  expect((await config(["path"])).stdout).toBe(`${file()}\n`);
  const { code, stderr } = await config(["set", "server", "a.example"], { AI_CHAT_SERVER: "b.example" });
  expect(code).toBe(0);
  expect(stderr).toContain("server is still https://b.example");
});

test.each([
  [["set", "timeout", "-1"], "timeout must be a number"],
  [["set", "save", "maybe"], "save must be true or false"],
  [["set", "sever", "x"], "Did you mean: server"],
  [["set", "server"], "VALUE"],
  [["set", "server", "a", "b"], "too many"],
  [["get"], "KEY"],
  [["get", "toString"], "no setting"],
  [["lst"], "list, get, set, unset, path"],
  [[], "list, get, set, unset, path"],
])("config %j ends with exit 2 and says why", async (args, words) => {
  const { code, stdout, stderr } = await config(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(words);
});

test("a password in an address is refused and never shown", async () => {
  const address = "https://jane:hunter22@chat.example";
  for (const ended of [
    await config(["set", "server", address]),
    await config(["list"], { AI_CHAT_SERVER: address }),
  ]) {
    expect(ended.code).toBe(2);
    expect(ended.stdout + ended.stderr).not.toContain("hunter22");
  }
});

test("a broken file is reported and left as it is, and list prints the valid values", async () => {
  await mkdir(join(home.dir, "config", "ai-chat"), { recursive: true });
  await writeFile(file(), "{ broken");
  const listed = await config(["list"]);
  expect([listed.code, listed.stderr.split("\n").length]).toEqual([1, 3]);
  expect(listed.stdout).toMatch(/^timeout {2}300 /m);
  expect(listed.stderr).toContain(file());
  const json = await config(["list", "--json"]);
  expect([json.code, JSON.parse(json.stdout)]).toEqual([1, expect.any(Array)]);
  expect(JSON.parse(json.stderr)).toEqual({
    error: { code: "internal", message: expect.stringContaining(file()) },
  });
  const kept = await config(["set", "save", "false"]);
  expect([kept.code, kept.stderr]).toEqual([1, expect.stringContaining(file())]);
  expect(await readFile(file(), "utf8")).toBe("{ broken");
});

test("config get prints no default when the file is broken and could have set another value", async () => {
  await mkdir(join(home.dir, "config", "ai-chat"), { recursive: true });
  await writeFile(file(), JSON.stringify({ timeout: "soon", plain: true }));
  const wrong = await config(["get", "timeout"]);
  expect([wrong.code, wrong.stdout]).toEqual([1, ""]);
  expect(wrong.stderr).toContain("timeout that can't be used");
  expect(await config(["get", "plain", "--json"])).toMatchObject({
    code: 0,
    stdout: '{"key":"plain","value":true,"source":"file"}\n',
    stderr: "",
  });
  await writeFile(file(), "{ broken");
  for (const args of [
    ["get", "plain"],
    ["get", "plain", "--json"],
  ])
    expect(await config(args)).toMatchObject({ code: 1, stdout: "" });
  // A value from the environment is known whatever the file contains.
  expect(await config(["get", "editor"], { EDITOR: "nano" })).toMatchObject({ code: 0, stdout: "nano\n" });
});

test("five processes that set different settings at once keep all of them", async () => {
  const settings = ["server a.example", "save false", "plain true", "timeout 7", "editor vi"];
  await Promise.all(settings.map((words) => config(["set", ...words.split(" ")])));
  expect(JSON.parse(await readFile(file(), "utf8"))).toEqual({
    server: "https://a.example",
    save: false,
    plain: true,
    timeout: 7,
    editor: "vi",
  });
});
