import { join } from "node:path";
import { expect, test } from "vitest";
import { diskOn, fileSystemOf } from "../../../../../src/server/stores/json/disk.ts";
import { makeFolder, openStore } from "./place.ts";

const notLinux = process.platform === "linux" ? undefined : "other systems differ";

test("calls are synchronous on the local disks of Linux, and on no others", async () => {
  const kinds = { ext4: 0xef53, xfs: 0x58465342, btrfs: 0x9123683e, tmpfs: 0x01021994, overlay: 0x794c7630 };
  for (const [name, kind] of Object.entries(kinds)) expect(diskOn(kind).synchronous, name).toBe(true);
  const others = { nfs: 0x6969, smb2: 0xfe534d42, cifs: 0xff534d42, fuse: 0x65735546, "9p": 0x01021997 };
  for (const [name, kind] of Object.entries(others)) expect(diskOn(kind).synchronous, name).toBe(false);
  expect(diskOn(undefined).synchronous).toBe(false);
});

test("a synchronous call returns or throws at once, and the same as an asynchronous one", async () => {
  const path = join(await makeFolder(), "file");
  const [local, other] = [diskOn(0xef53), diskOn(undefined)];
  const file = await local.open(path, "wx", 0o600);
  expect(file.write(Buffer.from("abcdef"), 1, 3, 0)).toEqual({ bytesWritten: 3 });
  await file.datasync();
  const { size, ino, dev, mode, uid, gid } = await other.stat(path);
  expect(size).toBe(3);
  for (const found of [file.stat(), local.stat(path)])
    expect(found).toMatchObject({ size, ino, dev, mode, uid, gid });
  await file.close();
  expect(() => file.stat()).toThrow("fd");
  await expect(file.datasync()).rejects.toThrow("fd");
  expect(() => local.stat(`${path}.none`)).toThrow("ENOENT");
});

test.skipIf(notLinux)(
  `the file system is the one that holds the path, or will when it is made${notLinux ? ` (skipped: ${notLinux})` : ""}`,
  async () => {
    const dir = await makeFolder();
    const proc = 0x9fa0;
    expect(await fileSystemOf("/proc")).toBe(proc);
    expect(await fileSystemOf("/proc/none/below")).toBe(proc);
    expect(await fileSystemOf(join(dir, "none", "below"))).toBe(await fileSystemOf(dir));
    expect(await fileSystemOf("\0")).toBeUndefined();
  },
);

test.skipIf(notLinux)(`a failed fdatasync rejects${notLinux ? ` (skipped: ${notLinux})` : ""}`, async () => {
  const cannotSync = await diskOn(0xef53).open("/dev/null", "r+");
  await expect(cannotSync.datasync()).rejects.toThrow("EINVAL");
  await cannotSync.close();
});

test("the store says at the start that it writes asynchronously", async () => {
  const dir = await makeFolder();
  const local = await openStore(dir, { files: diskOn(0xef53) });
  expect(local.store.description).toBe(`JSON files in ${dir}`);
  await local.store.close();
  const { store, warnings } = await openStore(dir, { files: diskOn(0x6969) });
  expect(store.description).toBe(
    `JSON files in ${dir}, written asynchronously: not on a local disk of Linux`,
  );
  expect(warnings).toEqual([]);
});
