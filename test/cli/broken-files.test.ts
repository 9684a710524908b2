import { mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { openOthersServer, type SmallServer } from "../support/others-server.ts";
import { moveInto, runInside } from "../support/run-inside.ts";
import { makeHome, runProgram, type Ended, type Home } from "../support/run-program.ts";

let home: Home;
let server: SmallServer;
beforeAll(async () => {
  server = await openOthersServer();
});
beforeEach(async () => {
  home = await makeHome();
  await mkdir(folder(), { recursive: true });
});
afterEach(() => home.remove());
afterAll(() => server.close());

const folder = () => join(home.dir, "config", "ai-chat");
const pathOf = (name: string) => join(folder(), `${name}.json`);
const run = (args: string[], env: Record<string, string> = {}) => runProgram(args, { home, env });
/** In this process, for the many cases that don't need a process of their own. */
async function inside(args: string[], env: Record<string, string> = {}): Promise<Omit<Ended, "signal">> {
  moveInto(home, env);
  try {
    return await runInside(args);
  } finally {
    vi.unstubAllEnvs();
  }
}
const password = { AI_CHAT_PASSWORD: "correct horse" };
let people = 0;
const register = (env: Record<string, string> = {}, by: typeof inside = run) =>
  by(["register", "-s", server.url, "-u", `jane${(people += 1)}`], { ...password, ...env });

/** Expects two lines, the first of which names the path. */
function expectTold({ code, stdout, stderr }: Omit<Ended, "signal">, exit: number, path: string): void {
  expect({ code, stdout }).toEqual({ code: exit, stdout: "" });
  expect(stderr.trimEnd().split("\n")).toHaveLength(2);
  expect(stderr).toContain(path);
}

/** What can be in the place of a file of ours, and the message about it. */
const wrecks: [name: string, put: (path: string) => Promise<unknown>, says: RegExp][] = [
  ["half a document", (path) => writeFile(path, '{"a":'), /isn't a JSON object/],
  ["a list", (path) => writeFile(path, "[]"), /isn't a JSON object/],
  ["bytes", (path) => writeFile(path, Buffer.from([0x7b, 0xff, 0x7d])), /isn't a JSON object/],
  ["UTF-16", (path) => writeFile(path, "\ufeff{}", "utf16le"), /isn't a JSON object in UTF-8 but UTF-16/],
  ["a folder", (path) => mkdir(path), /a folder is in its place/],
  ["a device", (path) => symlink("/dev/null", path), /it isn't a regular file/],
  ["a link to itself", (path) => symlink(path, path), /can't be read/],
];

describe.each(wrecks)("%s in place of the credentials file", (_name, put, says) => {
  test("is reported by the commands that need it, left as it is, and ignored by the others", async () => {
    const path = pathOf("credentials");
    await put(path);
    const before = await readFile(path).catch(() => undefined);
    const seen = server.seen.length;
    const refused = await register({}, inside);
    expectTold(refused, 1, path);
    expect(refused.stderr).toMatch(says);
    expect(server.seen).toHaveLength(seen);
    const balance = await inside(["balance", "-s", server.url]);
    expectTold(balance, 4, path);
    expect(balance.stderr).toMatch(says);
    // "Nobody is logged in" would be wrong, with --json too, which prints no note.
    for (const [args, exit, code] of [
      [["balance", "-s", server.url, "--json"], 4, "not_logged_in"],
      [["servers", "--json"], 1, "internal"],
    ] as const) {
      const told = await inside([...args]);
      expect([told.code, told.stdout]).toEqual([exit, ""]);
      expect(JSON.parse(told.stderr)).toEqual({ error: { code, message: expect.stringMatching(says) } });
    }
    expect((await inside(["logout", "-s", server.url])).code).toBe(1);
    expect((await inside(["config", "set", "save", "false"])).code).toBe(0);
    const other = await inside(["ask", "--no-stdin", "-s", server.url, "hi"], {
      AI_CHAT_TOKEN: `t-jane${people}`,
    });
    // The token in the environment is enough; this one belongs to no account, and the server says so.
    expect(other.code).toBe(4);
    expect(server.seen.length).toBeGreaterThan(seen);
    expect(await readFile(path).catch(() => undefined)).toEqual(before);
  });
});

describe.each(wrecks)("%s in place of the settings file", (_name, put, says) => {
  test("is reported, left as it is, and stops no command that can do without it", async () => {
    const path = pathOf("config");
    await put(path);
    const before = await readFile(path).catch(() => undefined);
    const refused = await inside(["config", "set", "save", "false"]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(path);
    expect(refused.stderr).toMatch(says);
    expect((await register({}, inside)).code).toBe(0);
    const asked = await inside(["ask", "--no-stdin", "-s", server.url, "hi"]);
    expect(asked).toMatchObject({ code: 0, stdout: "You said: hi\n" });
    expect(asked.stderr).toMatch(says);
    expect((await inside(["ask", "--no-stdin", "-s", server.url, "--json", "hi"])).stderr).toBe("");
    expect(await readFile(path).catch(() => undefined)).toEqual(before);
  });
});

describe.each([
  ["a broken file", "{ broken", /isn't a JSON object/],
  ["an invalid address", '{"server": 7}', /a server that can't be used/],
])("when the settings name no usable server because of %s", (_name, content, says) => {
  // Otherwise another server than the one in the settings would get the question and charge for it.
  test.each([["ask", "hi"], ["balance", "-q"], ["whoami"], ["login", "-u", "jane"], ["logout"], ["servers"]])(
    "%s fails and names the fault instead of choosing a server, with --json too",
    async (...args) => {
      await writeFile(pathOf("config"), content);
      const seen = server.seen.length;
      const env = { ...password, AI_CHAT_TOKEN: "t" };
      const words = await inside(args, env);
      expectTold(words, 1, pathOf("config"));
      expect(words.stderr).toMatch(says);
      expect(words.stderr.split("\n")[1]).toContain(`ai-chat ${args[0]} -s URL`);
      const told = await inside([...args, "--json"], env);
      expect([told.code, told.stdout]).toEqual([1, ""]);
      expect(JSON.parse(told.stderr)).toEqual({
        error: { code: "internal", message: expect.stringMatching(says) },
      });
      expect(server.seen).toHaveLength(seen);
      const named = await inside(["whoami", "--json"], { ...env, AI_CHAT_SERVER: server.url });
      expect(named.stderr).not.toMatch(says);
    },
  );

  test("a conversation continues at its own server", async () => {
    await register({}, inside);
    const saved = await inside(["ask", "--no-stdin", "-s", server.url, "--save", "--json", "hi"]);
    const { conversation } = JSON.parse(saved.stdout) as { conversation: string };
    await writeFile(pathOf("config"), content);
    const goneOn = await inside(["ask", "--no-stdin", "-r", conversation, "more"]);
    expect(goneOn).toMatchObject({ code: 0, stdout: "You said: more\n" });
    expect(goneOn.stderr).toMatch(says);
  });

  test("doctor reports it as a problem and checks no server", async () => {
    await writeFile(pathOf("config"), content, { mode: 0o600 });
    const { code, stdout } = await inside(["doctor", "--json"]);
    const { problems, server } = JSON.parse(stdout) as { problems: { message: string }[]; server: object };
    expect(code).toBe(1);
    expect(server).toMatchObject({ url: null, reachable: null });
    expect(problems).toEqual([expect.objectContaining({ message: expect.stringMatching(says) })]);
  });
});

test("in a read-only home, commands that save something fail with a message, and the others work", async () => {
  const file = join(home.dir, "file");
  await writeFile(file, "");
  const env = { XDG_CONFIG_HOME: file, XDG_DATA_HOME: file, XDG_STATE_HOME: file };
  const refused = await register(env);
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toContain(join(file, "ai-chat", "credentials.json"));
  expectTold(await run(["config", "set", "save", "false"], env), 1, join(file, "ai-chat", "config.json"));
  expect((await run(["config", "list"], env)).code).toBe(0);
  expect((await run(["conversations", "list"], env)).code).toBe(0);
  await register();
  const token = `t-jane${people}`;
  const asked = await run(["ask", "-s", server.url, "hi"], { ...env, AI_CHAT_TOKEN: token });
  expect(asked).toMatchObject({ code: 0, stdout: "You said: hi\n" });
});

test("without a home, a token from the environment is enough, and commands that save something fail with a message", async () => {
  await register();
  const token = `t-jane${people}`;
  const none = { HOME: "", XDG_CONFIG_HOME: "", XDG_DATA_HOME: "relative", XDG_STATE_HOME: "" };
  const asked = await run(["ask", "-s", server.url, "hi"], { ...none, AI_CHAT_TOKEN: token });
  expect(asked).toMatchObject({ code: 0, stdout: "You said: hi\n" });
  const refused = await run(["config", "set", "save", "false"], none);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/no home folder.*\n?.*Set HOME or XDG_CONFIG_HOME/);
});

test("a home that is not a folder counts as empty, without a message", async () => {
  await register({}, inside);
  const none = { HOME: "/dev/null", XDG_CONFIG_HOME: "", XDG_DATA_HOME: "", XDG_STATE_HOME: "" };
  const env = { ...none, AI_CHAT_SERVER: server.url, AI_CHAT_TOKEN: `t-jane${people}` };
  expect(await inside(["ask", "--no-stdin", "hi"], env)).toEqual({
    code: 0,
    stdout: "You said: hi\n",
    stderr: "",
  });
  const seen = server.seen.length;
  const refused = await register(none, inside);
  expectTold(refused, 1, "/dev/null/.config/ai-chat/credentials.json");
  expect(server.seen).toHaveLength(seen);
});

test("the XDG variables are used, and relative paths in them are ignored", async () => {
  const env = { XDG_CONFIG_HOME: "config-here", XDG_DATA_HOME: "./data", HOME: home.dir };
  expect((await run(["config", "path"], env)).stdout).toBe(
    `${join(home.dir, ".config", "ai-chat", "config.json")}\n`,
  );
  expect((await run(["config", "path"])).stdout).toBe(`${pathOf("config")}\n`);
  await register(env);
  expect((await stat(join(home.dir, ".config", "ai-chat", "credentials.json"))).mode & 0o777).toBe(0o600);
  expect((await stat(join(home.dir, ".config", "ai-chat"))).mode & 0o777).toBe(0o700);
});

test("twelve processes that log in to twelve servers at once keep all twelve tokens", async () => {
  await register();
  const name = `jane${people}`;
  const others = await Promise.all(Array.from({ length: 12 }, () => openOthersServer()));
  const ended = await Promise.all(
    others.map(({ url }) => run(["register", "-s", url, "-u", name], password)),
  );
  await Promise.all(others.map((other) => other.close()));
  expect(ended.filter(({ code }) => code !== 0)).toEqual([]);
  const kept = Object.keys(JSON.parse(await readFile(pathOf("credentials"), "utf8")) as object);
  expect(kept.toSorted()).toEqual([server.url, ...others.map(({ url }) => url)].toSorted());
});
