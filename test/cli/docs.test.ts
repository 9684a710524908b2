import { spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { pagePaths, readPage, type Fence } from "../support/pages.ts";
import { makeHome, program, programEnv, startProgram, type Home } from "../support/run-program.ts";

/** The blocks of a page that run, one after the other in one shell: a later one may use what an earlier one set. */
const runnable = (path: string): Fence[] =>
  readPage(path).fences.filter(({ info }) => info === "sh runnable");
const pages = pagePaths().filter((path) => runnable(path).length > 0);
const curl = fileURLToPath(new URL("../support/curl.js", import.meta.url));

let home: Home;
beforeEach(async () => (home = await makeHome()));
afterEach(() => home.remove());

/** The commands that the pages use, by the names that they use: the built program, and curl. */
async function makeCommands(): Promise<string> {
  const dir = join(home.dir, "bin");
  await mkdir(dir);
  const command = (name: string, script: string) =>
    writeFile(join(dir, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const run = `exec '${process.execPath}' '${program}' "$@"`;
  await command("ai-chat", run);
  await command("npx", `[ "$1" = ai-chat ] || exit 127\nshift\n${run}`);
  await command("curl", `exec '${process.execPath}' '${curl}' "$@"`);
  return dir;
}

/** A server on the folder that the pages call /srv/ai-chat or /var/lib/ai-chat. */
async function startServer(): Promise<{ url: string; folder: string; stop: () => Promise<unknown> }> {
  const folder = join(home.dir, "srv");
  const options = ["--port", "0", "--data", folder, "--log", "silent"];
  const running = await startProgram(["serve", ...options], { home });
  await running.sees("Ctrl-C", "stderr");
  const stop = () => {
    running.child.kill("SIGTERM");
    return running.ended;
  };
  return { url: (await readFile(join(folder, "address"), "utf8")).trim(), folder, stop };
}

/** Runs the script as a page's reader would, in an empty folder. */
async function runShell(script: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const cwd = join(home.dir, "work");
  await mkdir(cwd);
  const { PATH = "", ...env } = programEnv(home);
  const child = spawn("sh", ["-eu", "-c", script], {
    cwd,
    env: { ...env, PATH: `${await makeCommands()}${delimiter}${PATH}` },
    stdio: ["ignore", "pipe", "pipe"],
  });
  home.running.add(child);
  const code = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}

/** What a block says that it prints, in its lines `#> …`; anything if it has none. In it, … stands for any text. */
function expected({ text: block }: Fence): RegExp {
  const lines = block.split("\n").filter((line) => line.startsWith("#>"));
  if (lines.length === 0) return /^/;
  const literal = lines.map((line) => line.replace(/^#> ?/, "")).join("\n");
  const pattern = literal.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&").replaceAll("…", "[^]+?");
  return new RegExp(`^${pattern}$`);
}

test.for(pages)("the runnable blocks of %s do what they say", async (path) => {
  const server = await startServer();
  const here = (block: string) =>
    block
      .replaceAll("http://127.0.0.1:8000", server.url)
      .replaceAll(/\/(?:srv|var\/lib)\/ai-chat(?![-\w])/g, server.folder);
  const blocks = runnable(path).map((block) => ({ ...block, text: here(block.text) }));
  const end = (line: number) => `[end of the block at line ${line}]`;
  const script = blocks.map(({ text: block, line }) => `${block}\nprintf '%s' '${end(line)}'\n`).join("");
  const { code, stdout, stderr } = await runShell(script);
  await server.stop();

  let rest = stdout;
  for (const block of blocks) {
    const [printed = "", ...after] = rest.split(end(block.line));
    expect(after, `${path}, line ${block.line}: it failed.\n${printed}\n${stderr}`).toHaveLength(1);
    expect(printed.trim(), `${path}, line ${block.line}`).toMatch(expected(block));
    rest = after[0] ?? "";
  }
  expect(code, `${path}: ${stderr}`).toBe(0);
});

test("at least ten blocks are runnable", () => {
  expect(pages.flatMap(runnable).length).toBeGreaterThanOrEqual(10);
});
