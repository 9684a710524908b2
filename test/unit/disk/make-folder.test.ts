import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeFolder, makeFolderSync } from "../../../src/disk/make-folder.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ai-chat-folder-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

it("makes the missing folders from the top, each finished before the next one", async () => {
  const made: string[] = [];
  const onMade = async (path: string) => void made.push(path);
  expect(await makeFolder(join(dir, "a", "b"), onMade)).toBe(true);
  expect(made).toEqual([join(dir, "a"), join(dir, "a", "b")]);
  expect(await makeFolder(join(dir, "a", "b"), onMade)).toBe(false);
  expect(made).toHaveLength(2);
});

it.skipIf(process.platform === "win32")("makes folders for their owner alone", async () => {
  await makeFolder(join(dir, "a", "b"));
  expect([await modeOf(join(dir, "a")), await modeOf(join(dir, "a", "b"))]).toEqual([0o700, 0o700]);
});

it("rejects if a file is in the way", async () => {
  await writeFile(join(dir, "file"), "");
  await expect(makeFolder(join(dir, "file"))).rejects.toMatchObject({ code: "EEXIST" });
  await expect(makeFolder(join(dir, "file", "a"))).rejects.toMatchObject({ code: "ENOTDIR" });
});

it("makes the missing folders synchronously too", async () => {
  makeFolderSync(join(dir, "a", "b"));
  makeFolderSync(join(dir, "a", "b"));
  expect((await stat(join(dir, "a", "b"))).isDirectory()).toBe(true);
});
