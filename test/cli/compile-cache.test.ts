import { chmod, mkdir, readFile, readdir, stat, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openOthersServer } from "../support/others-server.ts";
import { copyProgram } from "../support/program-copy.ts";
import { makeHome, runProgram, type Home } from "../support/run-program.ts";

let home: Home;
let cache: string;
beforeEach(async () => {
  home = await makeHome();
  cache = join(home.dir, ".cache", "ai-chat");
});
afterEach(() => home.remove());

/** Runs the program with a cache folder of its own: the other tests share one. */
const run = (args: string[], { env = {}, copy }: { env?: Record<string, string>; copy?: string } = {}) =>
  runProgram(args, { home, env: { XDG_CACHE_HOME: "", ...env }, copy });

/** What `config path` does in that environment. */
const runWith = (env: Record<string, string> = {}) => run(["config", "path"], { env });

/** Changes one byte, a quarter from the beginning. */
async function changeByte(path: string): Promise<void> {
  const bytes = await readFile(path);
  const place = bytes.length >> 2;
  bytes[place]! ^= 0x55;
  await writeFile(path, bytes);
}

/** The kept files and what tells one from its successor. */
async function kept(): Promise<Map<string, string>> {
  const names = (await readdir(cache)).toSorted();
  const files = names.map(async (name) => {
    const { ino, size } = await stat(join(cache, name));
    return [name, `${ino} ${size}`] as const;
  });
  return new Map(await Promise.all(files));
}

test("compiled code is kept in the cache folder if that is there", async () => {
  await runWith();
  expect(await readdir(home.dir)).not.toContain(".cache");
  await mkdir(dirname(cache));
  const first = await runWith();
  const files = await kept();
  expect([...files.keys()].map((name) => name.split("-")[0])).toContain("config");
  expect(await runWith()).toEqual(first);
  expect(await kept()).toEqual(files);
});

test("compiled code is used again by a command that talks to a server", async () => {
  await mkdir(dirname(cache));
  const server = await openOthersServer();
  const env = { AI_CHAT_PASSWORD: "correct horse" };
  await run(["register", "-s", server.url, "-u", "jane"], { env });
  const balance = () => run(["balance", "-q"]);
  const first = await balance();
  const files = await kept();
  expect(await balance()).toEqual({ ...first, code: 0, stdout: "4000\n" });
  expect(await kept()).toEqual(files);
  await server.close();
});

test("a cache folder that cannot be used changes nothing", async () => {
  const usual = await runWith();
  expect(usual.code).toBe(0);
  const [readOnly, file, taken] = ["read-only", "file", "taken"].map((name) => join(home.dir, name));
  await mkdir(readOnly!);
  await chmod(readOnly!, 0o500);
  await writeFile(file!, "");
  await mkdir(taken!);
  await writeFile(join(taken!, "ai-chat"), "");
  for (const XDG_CACHE_HOME of [readOnly!, file!, taken!, "/proc", "/dev/null", "relative"])
    expect(await runWith({ XDG_CACHE_HOME })).toEqual(usual);
});

test("a cache folder that others can write to is not used", async () => {
  await mkdir(cache, { recursive: true });
  await chmod(cache, 0o777);
  expect((await runWith()).code).toBe(0);
  expect(await readdir(cache)).toEqual([]);
});

test.each([
  ["cut off", (path: string) => truncate(path, 600)],
  ["empty", (path: string) => truncate(path, 0)],
  ["no code", (path: string) => writeFile(path, "not code ".repeat(1000))],
  ["changed in one byte", changeByte],
])("kept code that is %s is compiled and kept again", async (_, damage) => {
  await mkdir(dirname(cache));
  const usual = await runWith();
  const whole = await kept();
  for (const name of whole.keys()) await damage(join(cache, name));
  expect(await runWith()).toEqual(usual);
  const mended = await kept();
  expect([...mended.keys()]).toEqual([...whole.keys()]);
  for (const name of whole.keys()) {
    expect((await stat(join(cache, name))).size).toBeGreaterThan(600);
    expect(mended.get(name)).not.toBe(whole.get(name));
  }
  await runWith();
  expect(await kept()).toEqual(mended);
});

test("kept code of a file that has changed since is not used, but replaced", async () => {
  await mkdir(dirname(cache));
  const { dist, copy } = await copyProgram(home);
  const version = () => run(["-V", "-q"], { copy });
  const { stdout } = await version();
  const before = await kept();
  for (const name of await readdir(dist)) {
    const path = join(dist, name);
    if (!name.startsWith("chunk-")) continue;
    const text = await readFile(path, "utf8");
    const own = `version:"${stdout.trim()}"`;
    if (text.includes(own)) await writeFile(path, text.replace(own, own.replaceAll(/\d/g, "9")));
  }
  expect((await version()).stdout).toBe(stdout.replaceAll(/\d/g, "9"));
  const after = await kept();
  expect(after).not.toEqual(before);
  expect(after.size).toBe(before.size);
});
