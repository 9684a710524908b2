import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { followPair, type Follower } from "../../../../src/server/tls/follow.ts";
import type { Pair } from "../../../../src/server/tls/pair.ts";
import { createAuthority } from "../../../support/certificate.ts";

/** docs/server.md#tls */

const authority = createAuthority();
const [first, second] = [authority.issue("localhost"), authority.issue("localhost")];

let dir: string;
let follower: Follower | undefined;
let taken: Pair[];
let warnings: string[];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ai-chat-follow-"));
  taken = [];
  warnings = [];
});
afterEach(async () => {
  await follower?.close();
  await rm(dir, { recursive: true, force: true });
});

const at = (name: string) => join(dir, name);
const files = (folder: string) => ({ cert: at(`${folder}/cert.pem`), key: at(`${folder}/key.pem`) });

async function write(folder: string, { cert, key }: Pair) {
  await mkdir(at(folder), { recursive: true });
  await writeFile(files(folder).cert, cert);
  await writeFile(files(folder).key, key);
}

function follow(folder: string) {
  follower = followPair({
    files: files(folder),
    pair: first,
    take: (pair) => taken.push(pair),
    warn: (sentence) => warnings.push(sentence),
    every: 1,
  });
}

test("takes a pair whose files were written again", async () => {
  await write("now", first);
  follow("now");
  await write("now", second);
  await expect.poll(() => taken).toEqual([second]);
});

test("takes a pair to which a symbolic link leads now, as Kubernetes changes it", async () => {
  await write("old", first);
  await write("new", second);
  await symlink("old", at("now"));
  follow("now");
  await symlink("new", at("now.tmp"));
  await rename(at("now.tmp"), at("now"));
  await expect.poll(() => taken).toEqual([second]);
});

test("does not take a pair that does not fit, says so once, and takes the next one that does", async () => {
  await write("now", first);
  follow("now");
  await writeFile(files("now").key, second.key);
  await expect.poll(() => warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/key\.pem does not belong to .*The previous certificate stays in use\.$/);
  await rm(files("now").key);
  await expect.poll(() => warnings).toHaveLength(2);
  expect(warnings[1]).toMatch(/key\.pem cannot be read \(ENOENT\)/);
  expect(taken).toEqual([]);
  await write("now", second);
  await expect.poll(() => taken).toEqual([second]);
  expect(warnings).toHaveLength(2);
});

test("turns to other files, and reads the old ones no more", async () => {
  await write("old", first);
  await write("new", second);
  follow("old");
  follower?.turnTo(files("new"), second);
  expect(taken).toEqual([second]);
  await write("old", first);
  await write("new", first);
  await expect.poll(() => taken).toEqual([second, first]);
});
