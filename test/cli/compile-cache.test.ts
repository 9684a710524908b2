import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeHome, runProgram, type Home } from "../support/run-program.ts";

let home: Home;
beforeEach(async () => {
  home = await makeHome();
});
afterEach(() => home.remove());

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const hasCache = major > 22 || (major === 22 && minor > 0);

/** What `config path` does with a cache folder of that environment. */
const runWith = (env: Record<string, string>) => runProgram(["config", "path"], { home, env });

test.runIf(hasCache)("compiled code is kept in the cache folder if that is there", async () => {
  const cache = join(home.dir, ".cache");
  await runWith({});
  expect(await readdir(home.dir)).not.toContain(".cache");
  await mkdir(cache);
  await runWith({});
  expect(await readdir(cache)).toEqual(["ai-chat"]);
  expect(await readdir(join(cache, "ai-chat"))).toHaveLength(1);
});

test("a cache folder that cannot be used changes nothing", async () => {
  const usual = await runWith({});
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
