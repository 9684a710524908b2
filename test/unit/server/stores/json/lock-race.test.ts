import { lstatSync, readdirSync, rmdirSync } from "node:fs";
import type * as fs from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, it, onTestFinished, vi } from "vitest";
import { makeFolder } from "./place.ts";

/** Runs before the next link(2), once. */
let pause: (() => Promise<void>) | undefined;

/** Runs after the next open(2) of a starter's folder, once. */
let opened: ((folder: string) => Promise<void>) | undefined;

/** Runs before each chmod(2) and link(2). */
let watch = () => {};

vi.mock("node:fs/promises", async (original) => {
  const real: typeof fs = await original();
  const link: typeof real.link = async (from, to) => {
    const first = pause;
    pause = undefined;
    await first?.();
    watch();
    await real.link(from, to);
  };
  const chmod: typeof real.chmod = async (path, mode) => {
    watch();
    await real.chmod(path, mode);
  };
  const open: typeof real.open = async (path, ...how) => {
    const handle = await real.open(path, ...how);
    if (!/\/lock\.new\.[^/]*$/.test(String(path))) return handle;
    const then = opened;
    opened = undefined;
    await then?.(String(path));
    return handle;
  };
  return { ...real, link, chmod, open };
});

// Test files share modules: this one needs a lock that was loaded with the mock, and no other file may get it.
vi.resetModules();
const { acquireLock } = await import("../../../../../src/server/stores/json/lock.ts");
afterAll(() => void vi.resetModules());

const inUse = /Another ai-chat server uses the folder/;

it("a starter that pauses before its link finds a holder that came in the meantime", async () => {
  const dir = await makeFolder();
  const holders: { release: () => Promise<void> }[] = [];
  pause = async () => void holders.push(await acquireLock(dir));
  await expect(acquireLock(dir)).rejects.toThrow(inUse);
  await holders[0]?.release();
});

it("a starter that pauses while holders come and go, and its number is removed, still fails", async () => {
  const dir = await makeFolder();
  const holders: { release: () => Promise<void> }[] = [];
  pause = async () => {
    await (await acquireLock(dir)).release();
    holders.push(await acquireLock(dir));
  };
  await expect(acquireLock(dir)).rejects.toThrow(inUse);
  await holders[0]?.release();
});

it("a starter that pauses while holders come and go gets the lock if none is left", async () => {
  const dir = await makeFolder();
  pause = async () => {
    for (let round = 0; round < 3; round += 1) await (await acquireLock(dir)).release();
  };
  const lock = await acquireLock(dir);
  await expect(acquireLock(dir)).rejects.toThrow(inUse);
  await lock.release();
});

it("another user can't reach the socket at any moment, and the umask stays as it is", async () => {
  const dir = await makeFolder();
  const modes: string[] = [];
  watch = () => {
    const [name = ""] = readdirSync(dir);
    const folder = join(dir, name);
    const sockets = readdirSync(folder).map((socket) => lstatSync(join(folder, socket)));
    const shown = [lstatSync(folder), ...sockets].map(({ mode }) => (mode & 0o777).toString(8));
    modes.push(shown.join(" "));
  };
  const before = process.umask(0);
  onTestFinished(() => {
    process.umask(before);
    watch = () => {};
  });
  const umask = vi.spyOn(process, "umask");
  const lock = await acquireLock(dir);
  expect(umask).not.toHaveBeenCalled();
  // Root's folder needs no chmod of its own.
  expect(modes.slice(process.geteuid?.() === 0 ? 0 : 1)).toEqual(["700 777", "700 600"]);
  await lock.release();
});

it("a starter whose folder a holder removes before its socket listens begins again", async () => {
  const dir = await makeFolder();
  opened = async (folder) => rmdirSync(folder);
  const lock = await acquireLock(dir);
  expect(opened).toBeUndefined();
  await lock.release();
});
