import type * as Fs from "node:fs/promises";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { makeNewFile } from "../../../../../src/server/stores/json/new-file.ts";
import { disk } from "../../../../../src/server/stores/json/disk.ts";
import { systemError } from "./faulty-files.ts";
import { makeFolder } from "./place.ts";

// A file system without links, such as FAT or that of a share.
vi.mock("node:fs/promises", async (original) => ({
  ...(await original<typeof Fs>()),
  link: () => Promise.reject(systemError("EPERM")),
}));

async function* pieces() {
  yield Buffer.from("one ");
  yield Buffer.from("two");
}

test("without links a file is made whole too, and replaces none", async () => {
  const path = join(await makeFolder(), "file");
  expect(await makeNewFile(disk, path, pieces())).toBe(7);
  expect(await readFile(path, "utf8")).toBe("one two");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await writeFile(path, "kept");
  await expect(makeNewFile(disk, path, pieces())).rejects.toMatchObject({ code: "EEXIST" });
  expect(await readFile(path, "utf8")).toBe("kept");
  expect(await readdir(join(path, ".."))).toEqual(["file"]);
});
