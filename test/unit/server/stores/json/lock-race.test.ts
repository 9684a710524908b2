import type * as fs from "node:fs/promises";
import { expect, it, vi } from "vitest";
import { acquireLock } from "../../../../../src/server/stores/json/lock.ts";
import { makeFolder } from "./place.ts";

/** Runs before the next link(2), once. */
let pause: (() => Promise<void>) | undefined;

vi.mock("node:fs/promises", async (original) => {
  const real: typeof fs = await original();
  const link: typeof real.link = async (from, to) => {
    const first = pause;
    pause = undefined;
    await first?.();
    await real.link(from, to);
  };
  return { ...real, link };
});

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
