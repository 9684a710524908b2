import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listFiles } from "../../../../src/client/files/list-files.ts";

const deep = `${"a/".repeat(40)}deep.txt`;
let repo: string;

beforeAll(async () => {
  repo = await mkdtemp(join(tmpdir(), "ai-chat-list-"));
  await mkdir(dirname(join(repo, deep)), { recursive: true });
  await writeFile(join(repo, deep), "x");
});
afterAll(() => rm(repo, { recursive: true, force: true }));

test("a list ends in time although a rule of a hostile repository takes years", async () => {
  await writeFile(join(repo, ".gitignore"), `${"/**/a".repeat(20)}/**/b\n`);
  expect(await listFiles(repo, undefined, 300)).not.toContain(deep);
});

test("a list has what is deep", async () => {
  await writeFile(join(repo, ".gitignore"), "/**/a/**/b\n");
  expect(await listFiles(repo, undefined, 60_000)).toEqual([".gitignore", deep]);
});
