import fs from "node:fs";
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { BadSettings } from "../../../src/server/core/startup-error.ts";
import { checkLogFile, openLogFile } from "../../../src/server/log-file.ts";
import { createLog } from "../../../src/server/log.ts";

/** docs/monitoring.md#a-log-file */

const [isWindows, isRoot] = [process.platform === "win32", process.getuid?.() === 0];

let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ai-chat-log-"));
  path = join(dir, "chat.log");
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
});

async function open(at = path) {
  const warnings: string[] = [];
  const file = await openLogFile(at, { dir: undefined, warn: (sentence) => void warnings.push(sentence) });
  const log = createLog("json", file);
  return { file, log, warnings };
}

const messages = async (at: string) => {
  const lines = (await readFile(at, "utf8")).split("\n");
  expect(lines.pop()).toBe("");
  return lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
};

test("a new file is for its owner alone; one that is there keeps its mode and its lines", async () => {
  const first = await open();
  first.log.info("one");
  await first.file.close();
  expect((await stat(path)).mode & 0o777).toBe(isWindows ? 0o666 : 0o600);
  await chmod(path, 0o640);
  const second = await open();
  second.log.info("two");
  await second.file.close();
  expect((await stat(path)).mode & 0o777).toBe(isWindows ? 0o666 : 0o640);
  expect(await messages(path)).toEqual(["one", "two"]);
});

/** Writes lines all the time, and moves the file away in the middle. */
async function rotate(lines: number, turns: number) {
  const { file, log } = await open();
  let written = 0;
  const write = (count: number) => {
    for (let line = 0; line < count; line += 1) log.info(String(written++));
  };
  for (let turn = 0; turn < turns; turn += 1) {
    write(lines);
    await rename(path, `${path}.${turn}`);
    write(lines);
    const reopened = file.reopen(path);
    write(lines);
    await reopened;
    write(lines);
  }
  await file.close();
  const files = [...Array.from({ length: turns }, (_, turn) => `${path}.${turn}`), path];
  return { written, found: await Promise.all(files.map(messages)) };
}

test.each([1, 3, 500])("no line is lost or doubled by opening it again (%d)", async (lines) => {
  const { written, found } = await rotate(lines, 3);
  expect(found.flat()).toEqual(Array.from({ length: written }, (_, line) => String(line)));
  // What was logged before is in the file that was moved away.
  expect(found[0]?.length).toBeGreaterThanOrEqual(2 * lines);
  expect(found[3]?.length).toBeGreaterThan(0);
});

test("if the file cannot be opened again, the log goes on in the first", async () => {
  const { file, log } = await open();
  log.info("one");
  await rename(path, `${path}.1`);
  await mkdir(path);
  await expect(file.reopen(path)).rejects.toThrow(`The log file ${path} is a folder.`);
  log.info("two");
  await rm(path, { recursive: true });
  const other = join(dir, "other.log");
  await file.reopen(other);
  log.info("three");
  await file.close();
  expect([await messages(`${path}.1`), await messages(other)]).toEqual([["one", "two"], ["three"]]);
});

describe("on a full disk", () => {
  function fill() {
    const real = fs.write;
    const state = { full: true };
    const full = Object.assign(new Error("full"), { code: "ENOSPC" });
    const spy = vi.spyOn(fs, "write").mockImplementation((...call: Parameters<typeof fs.write>) => {
      if (state.full) setImmediate(call.at(-1) as unknown as (error: Error) => void, full);
      else real(...call);
    });
    onTestFinished(() => spy.mockRestore());
    return state;
  }

  test("lines wait, more than 1 MiB are dropped and counted, and the operator is told once", async () => {
    const disk = fill();
    const { file, log, warnings } = await open();
    const text = "x".repeat(10_000);
    for (let line = 0; line < 200; line += 1) log.info(text);
    await vi.waitUntil(() => warnings.length > 0, 30_000);
    expect(file.writableLength).toBeLessThanOrEqual(1024 * 1024);
    disk.full = false;
    await vi.waitUntil(async () => (await readFile(path, "utf8")).includes("were dropped here"), 30_000);
    await file.close();
    const found = await messages(path);
    const kept = found.filter((line) => line === text).length;
    expect(kept).toBeGreaterThan(90);
    expect(found.slice(kept)).toEqual([
      `${200 - kept} lines were dropped here, because the log could not be written.`,
    ]);
    expect(warnings).toEqual([`The log file ${path} cannot be written (ENOSPC).`]);
  });

  test("lines that wait go to the next file, if it can be written", async () => {
    const disk = fill();
    const { file, log } = await open();
    log.info("one");
    const other = join(dir, "other.log");
    await file.reopen(other);
    disk.full = false;
    log.info("two");
    await file.close();
    expect([await messages(path), await messages(other)]).toEqual([[], ["one", "two"]]);
  });
});

describe("a file that cannot be a log", () => {
  const rows: [string, prepare: () => Promise<void>, why: string, skipped?: boolean][] = [
    ["a folder", () => mkdir(path), "is a folder"],
    ["a symbolic link", () => symlink(join(dir, "target"), path), "is a symbolic link"],
    [
      "in a folder that is not there",
      async () => void (path = join(dir, "no", "log")),
      "its folder does not",
    ],
    [
      "in a folder that cannot be written",
      async () => {
        await mkdir(join(dir, "locked"), { mode: 0o500 });
        path = join(dir, "locked", "log");
      },
      "cannot be written (EACCES)",
      isRoot || isWindows,
    ],
    [
      "of somebody else",
      () => writeFile(path, "", { mode: 0o400 }),
      "cannot be written (EACCES)",
      isRoot || isWindows,
    ],
    ["of no file", async () => void (path = "/dev/null"), "is no regular file", isWindows],
  ];
  test.each(rows.filter(([, , , skipped]) => !skipped))("%s: is refused by both", async (_, prepare, why) => {
    await prepare();
    const before = await readdir(dir, { recursive: true });
    for (const use of [() => checkLogFile(path, undefined), () => open(path)]) {
      const error = await use().catch((error: unknown) => error);
      expect(error).toBeInstanceOf(BadSettings);
      expect((error as Error).message).toContain(why);
    }
    expect(await readdir(dir, { recursive: true })).toEqual(before);
  });

  test("in the data folder: is refused by both, since its lines could get into the ledger", async () => {
    const data = join(dir, "data");
    await mkdir(data);
    await writeFile(join(data, "ledger.jsonl"), "");
    await symlink(data, join(dir, "link"));
    for (const at of ["data/ledger.jsonl", "data/new.log", "link/new.log"]) {
      const inside = join(dir, at);
      await expect(checkLogFile(inside, data), at).rejects.toThrow("is in the data folder");
      await expect(openLogFile(inside, { dir: data, warn: () => {} }), at).rejects.toThrow("data folder");
    }
    await checkLogFile(path, data);
    await checkLogFile(path, join(dir, "not-made-yet"));
    expect(await readdir(data)).toEqual(["ledger.jsonl"]);
  });
});

test("the check makes no file, and takes one that is there", async () => {
  await checkLogFile(path, undefined);
  expect(await readdir(dir)).toEqual([]);
  await writeFile(path, "");
  await checkLogFile(path, undefined);
});
