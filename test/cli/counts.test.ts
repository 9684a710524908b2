import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openOthersServer, type SmallServer } from "../support/others-server.ts";
import { makeHome, preload, runProgram, type Home } from "../support/run-program.ts";

// What a command loads is counted, because it is most of the time that a short command takes, and time is not the same
// on each machine.

let home: Home;
let server: SmallServer;
beforeAll(async () => {
  home = await makeHome();
  server = await openOthersServer();
  await runProgram(["register", "-s", server.url, "-u", "jane"], {
    home,
    env: { AI_CHAT_PASSWORD: "correct horse" },
  });
});
afterAll(async () => {
  await server.close();
  await home.remove();
});

/** The files of the program that a command loads, in bytes: V8 names each script in its coverage. */
async function loadedFiles(args: string[]): Promise<number[]> {
  const dir = join(home.dir, `coverage-${args.join("-").replaceAll(/\W/g, "")}`);
  expect((await runProgram(args, { home, env: { NODE_V8_COVERAGE: dir } })).code).toBe(0);
  const [name = ""] = await readdir(dir);
  const { result } = JSON.parse(await readFile(join(dir, name), "utf8")) as { result: { url: string }[] };
  const paths = result.map(({ url }) => url).filter((url) => url.startsWith("file:"));
  return Promise.all(paths.map(async (url) => (await stat(fileURLToPath(url))).size));
}

/** The modules of Node that a command loads. */
async function loadedOfNode(args: string[]): Promise<string[]> {
  const env = await preload(
    home,
    `process.on("exit", () => process._rawDebug(JSON.stringify(process.moduleLoadList)));`,
  );
  const { stderr } = await runProgram(args, { home, env });
  const list = JSON.parse(stderr) as string[];
  return list.map((name) => name.replace("NativeModule ", ""));
}

const sum = (sizes: number[]) => sizes.reduce((all, size) => all + size, 0);

test.each([
  { args: ["--version"], files: 1, kilobytes: 4 },
  { args: ["config", "path"], files: 5, kilobytes: 178 },
  // undici's index is 300 kB more.
  { args: ["balance", "-q"], files: 10, kilobytes: 560 },
])("$args loads at most $files files of $kilobytes kB", async ({ args, files, kilobytes }) => {
  const sizes = await loadedFiles(args);
  expect(sizes.length).toBeGreaterThan(0);
  expect(sizes.length).toBeLessThanOrEqual(files);
  expect(sum(sizes)).toBeLessThanOrEqual(kilobytes * 1000);
});

const heavy = ["child_process", "crypto", "http", "http2", "tls", "worker_threads", "zlib"];

test.each([["--version"], ["config", "path"], ["balance", "-q"]])(
  "%s %s loads no part of Node that it does not need",
  async (...args) => {
    const loaded = await loadedOfNode(args);
    expect(loaded).toContain("fs");
    expect(loaded.filter((name) => heavy.includes(name))).toEqual([]);
  },
);

test.each(["--version", "-V"])("%s alone prints what it prints beside another option", async (flag) => {
  const alone = await runProgram([flag], { home });
  const parsed = await runProgram([flag, "--quiet"], { home });
  expect(alone).toEqual(parsed);
  expect(alone.code).toBe(0);
});

test("the version that cannot be written is reported as by the program", async () => {
  const alone = await runProgram(["--version"], { home, stdoutTo: "/dev/full" });
  const parsed = await runProgram(["--version", "--quiet"], { home, stdoutTo: "/dev/full" });
  expect(alone).toEqual(parsed);
  expect(alone.code).toBe(1);
});
