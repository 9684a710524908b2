import { appendFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { disk } from "../../../../../src/server/stores/json/disk.ts";
import { createKnown, KNOWN } from "../../../../../src/server/stores/json/known.ts";

let dir: string;
let time: number;
let warnings: string[];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ai-chat-known-"));
  time = Date.parse("2026-11-22T10:00:00Z");
  warnings = [];
});
afterEach(() => rm(dir, { recursive: true }));

const open = () =>
  createKnown({
    files: disk,
    dir,
    now: () => time,
    isDeleted: () => false,
    warn: (sentence) => void warnings.push(sentence),
  });
const lines = async () => (await readFile(join(dir, KNOWN), "utf8")).split("\n").slice(0, -1);
const DAY = 24 * 60 * 60 * 1000;

test("a login is a line, the next one on the same day is none, and only the owner can read it", async () => {
  const known = open();
  for (const address of ["home", "home", "work"]) await known.remember("jane", address);
  expect(await lines()).toHaveLength(2);
  expect((await stat(join(dir, KNOWN))).mode & 0o777).toBe(0o600);
  time += DAY;
  await known.remember("jane", "home");
  expect(await lines()).toHaveLength(3);
});

test("logins of one moment are all kept", async () => {
  const known = open();
  const names = Array.from({ length: 50 }, (_, index) => `name ${index}`);
  await Promise.all(names.map((name) => known.remember(name, "home")));
  const next = open();
  expect(await Promise.all(names.map((name) => next.knows(name, "home")))).toEqual(names.map(() => true));
});

test("what a kill tore, or nobody can read, is dropped, and the rest is kept", async () => {
  await open().remember("jane", "home");
  await appendFile(join(dir, KNOWN), 'null\n{"account":1}\n{"account":"john","addr');
  const next = open();
  await next.remember("jack", "work");
  const last = open();
  const known = [await last.knows("jane", "home"), await last.knows("jack", "work")];
  expect({ known, lines: (await lines()).length, warnings }).toEqual({
    known: [true, true],
    lines: 2,
    warnings: [],
  });
});

test("the file is made anew if it has too many old lines, without what has expired", async () => {
  await open().remember("jane", "home");
  time += 91 * DAY;
  const next = open();
  await next.remember("jane", "work");
  expect(await lines()).toHaveLength(1);
  for (let day = 0; day < 1100; day += 1) {
    time += DAY;
    await next.remember("jane", "work");
  }
  expect((await lines()).length).toBeLessThan(1010);
  expect(await open().knows("jane", "work")).toBe(true);
});

test("a file that cannot be used fails no login, and is told once", async () => {
  await mkdir(join(dir, KNOWN));
  await writeFile(join(dir, KNOWN, "x"), "");
  const known = open();
  for (const address of ["home", "work"]) await known.remember("jane", address);
  expect(await known.knows("jane", "home")).toBe(true);
  await known.close();
  expect(warnings).toEqual([expect.stringContaining(KNOWN)]);
});
