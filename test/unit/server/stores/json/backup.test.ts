import {
  appendFile,
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { StartupError } from "../../../../../src/server/core/startup-error.ts";
import { backUpFolder } from "../../../../../src/server/stores/json/backup.ts";
import { checkFolder } from "../../../../../src/server/stores/json/check.ts";
import { compactFolder } from "../../../../../src/server/stores/json/compact.ts";
import type { Damage } from "../../../../../src/server/stores/json/damage.ts";
import { disk } from "../../../../../src/server/stores/json/disk.ts";
import { KeyError } from "../../../../../src/server/stores/json/key.ts";
import { load } from "../../../../../src/server/stores/json/load.ts";
import { restoreFolder } from "../../../../../src/server/stores/json/restore.ts";
import { createFaultyFiles, systemError } from "./faulty-files.ts";
import { contentOf, fillFolder, makeFolder, openStore, START } from "./place.ts";

type More = Partial<Parameters<typeof backUpFolder>[0]>;

/** Backs a folder up into a new file, and resolves to its path. */
async function backUp(dir: string, more: More = {}): Promise<string> {
  const to = join(await makeFolder(), "a.backup");
  await backUpFolder({ dir, to, secrets: true, warn: () => {}, now: () => START, ...more });
  return to;
}

/** Restores a backup into a new folder, and resolves to its path and what was said of it. */
async function restore(file: string, more: Partial<Parameters<typeof restoreFolder>[0]> = {}) {
  const dir = join(await makeFolder(), "restored");
  return restoreFolder({ file, dir, warn: () => {}, now: () => START, ...more });
}

const ledgerOf = (dir: string) => readFile(join(dir, "ledger.jsonl"));

/** A closed folder with a fact of every kind, a secret and a known address. */
async function makeFilled(more: Parameters<typeof openStore>[1] = {}): Promise<string> {
  const dir = await makeFolder();
  await fillFolder(dir, more);
  const { store } = await openStore(dir, more);
  await store.signingSecret();
  const jane = await store.accounts.byName("jane");
  await store.accounts.remember(jane?.id ?? "", "a".repeat(64));
  await store.close();
  return dir;
}

async function makeKey(): Promise<string> {
  const path = join(await makeFolder(), "key");
  await writeFile(path, Buffer.alloc(48, path), { mode: 0o600 });
  return path;
}

describe("a backup", () => {
  it("is a file of its owner alone, changes nothing, and restores to the same files and a checkpoint", async () => {
    const dir = await makeFilled();
    const before = await contentOf(dir);
    const file = await backUp(dir);
    expect(await contentOf(dir)).toEqual(before);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { dir: restored, ...said } = await restore(file);
    const { head, lines, tokens } = await checkFolder(restored, { now: () => START });
    expect(said).toEqual({
      file,
      at: new Date(START).toISOString(),
      ledger: { id: expect.any(String) as string, lines, head },
      accounts: 1,
      tokens,
      secret: true,
    });
    for (const name of ["ledger.jsonl", "secret", "known-addresses.jsonl"])
      expect(await readFile(join(restored, name))).toEqual(await readFile(join(dir, name)));
    expect((await readdir(restored)).toSorted()).toEqual([
      "accounts.json",
      "known-addresses.jsonl",
      "ledger.jsonl",
      "secret",
    ]);
    expect((await stat(restored)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(restored))
      expect((await stat(join(restored, name))).mode & 0o777).toBe(0o600);
    expect((await load(disk, restored, START)).replayed).toBe(0);
  });

  it("of a compacted ledger has that ledger, and not the older one beside it", async () => {
    const dir = await makeFilled();
    await compactFolder(dir, { now: START, warn: () => {} });
    const { dir: restored, ledger } = await restore(await backUp(dir));
    expect(await ledgerOf(restored)).toEqual(await ledgerOf(dir));
    expect(await checkFolder(restored, { now: () => START })).toMatchObject({
      findings: [],
      lines: ledger.lines,
      head: ledger.head,
    });
    expect((await readdir(restored)).filter((name) => name.startsWith("ledger"))).toEqual(["ledger.jsonl"]);
  });

  it("without secrets has none, and a server makes a new one", async () => {
    const dir = await makeFilled();
    const { dir: restored, secret } = await restore(await backUp(dir, { secrets: false }));
    expect(secret).toBe(false);
    expect(await readdir(restored)).not.toContain("secret");
    const { store } = await openStore(restored);
    expect(await store.signingSecret()).not.toEqual(await readFile(join(dir, "secret")));
  });

  it("goes to whoever takes its bytes, too", async () => {
    const dir = await makeFilled();
    const pieces: Buffer[] = [];
    const made = await backUpFolder({
      dir,
      to: async (bytes) => void pieces.push(bytes),
      secrets: true,
      warn: () => {},
      now: () => START,
    });
    expect(made).toMatchObject({ file: undefined, bytes: Buffer.concat(pieces).length });
    expect(Buffer.concat(pieces)).toEqual(await readFile(await backUp(dir)));
  });

  it("of a ledger with a key needs the key, and so does its restore", async () => {
    const ledgerKey = await makeKey();
    const dir = await makeFilled({ ledgerKey });
    for (const wrong of [undefined, await makeKey()]) {
      await expect(backUp(dir, { ledgerKey: wrong })).rejects.toThrow(KeyError);
      await expect(restore(await backUp(dir, { ledgerKey }), { ledgerKey: wrong })).rejects.toThrow(KeyError);
    }
    const { dir: restored } = await restore(await backUp(dir, { ledgerKey }), { ledgerKey });
    expect(await checkFolder(restored, { ledgerKey, now: () => START })).toMatchObject({
      ok: true,
      notes: [],
    });
    const plain = await makeFilled();
    await expect(backUp(plain, { ledgerKey })).rejects.toThrow("has no key");
    await expect(restore(await backUp(plain), { ledgerKey })).rejects.toThrow("has no key");
  });

  it("never replaces a file, and is never in the data folder", async () => {
    const dir = await makeFilled();
    const file = await backUp(dir);
    const before = await readFile(file);
    await expect(backUp(dir, { to: file })).rejects.toThrow(`${file} exists.`);
    const link = join(await makeFolder(), "link");
    await symlink(join(link, "nowhere"), link);
    await expect(backUp(dir, { to: link })).rejects.toThrow("exists.");
    expect(await readFile(file)).toEqual(before);
    await mkdir(join(dir, "below"));
    await symlink(join(dir, "below"), `${link}-2`);
    for (const inside of [dir, join(dir, "below"), `${link}-2`])
      await expect(backUp(dir, { to: join(inside, "a.backup") })).rejects.toThrow("is in the data folder");
    expect(await readdir(join(dir, "below"))).toEqual([]);
  });

  it("that another one overtook leaves that one as it is", async () => {
    const dir = await makeFilled();
    const to = join(await makeFolder(), "a.backup");
    const files = createFaultyFiles(disk, async (call, name) => {
      if (call === "sync" && name.startsWith(".")) await writeFile(to, "of another");
      return undefined;
    });
    await expect(backUp(dir, { to, files })).rejects.toThrow(`${to} exists.`);
    expect(await readdir(join(to, ".."))).toEqual(["a.backup"]);
    expect(await readFile(to, "utf8")).toBe("of another");
  });

  it("names what an interrupted one left", async () => {
    const dir = await makeFilled();
    const folder = await makeFolder();
    await writeFile(join(folder, ".ai-chat-unfinished-x"), "");
    const warnings: string[] = [];
    await backUp(dir, { to: join(folder, "b"), warn: (sentence) => warnings.push(sentence) });
    expect(warnings).toEqual([expect.stringContaining(join(folder, ".ai-chat-unfinished-x"))]);
  });

  it("leaves out an incomplete last write", async () => {
    const dir = await makeFilled();
    const before = await ledgerOf(dir);
    await appendFile(join(dir, "ledger.jsonl"), '{"n":9,"at":"20');
    const { dir: restored } = await restore(await backUp(dir));
    expect(await ledgerOf(restored)).toEqual(before);
  });

  it.each<[string, (dir: string) => Promise<unknown>]>([
    [
      "a changed ledger",
      async (dir) => writeFile(join(dir, "ledger.jsonl"), (await ledgerOf(dir)).fill(88, 300, 302)),
    ],
    ["a ledger that is lost", (dir) => truncate(join(dir, "ledger.jsonl"), 0)],
    ["a broken secret", (dir) => writeFile(join(dir, "secret"), "short")],
    [
      "a folder in place of the secret",
      async (dir) => {
        await rename(join(dir, "secret"), join(dir, "elsewhere"));
        await mkdir(join(dir, "secret"));
      },
    ],
  ])("of a folder with %s is refused, and leaves nothing", async (_what, harm) => {
    const dir = await makeFilled();
    await harm(dir);
    const to = join(await makeFolder(), "a.backup");
    await expect(backUp(dir, { to })).rejects.toThrow(StartupError);
    expect(await readdir(join(to, ".."))).toEqual([]);
  });

  it("of a folder without a store is refused", async () => {
    await expect(backUp(await makeFolder())).rejects.toThrow("There is no store");
  });

  it("takes a ledger again in which damage was found once", async () => {
    const dir = await makeFilled();
    const whole = await ledgerOf(dir);
    await writeFile(join(dir, "ledger.jsonl"), Buffer.from(whole).fill(88, 300, 302));
    let opened = 0;
    const files = createFaultyFiles(disk, async (call, name) => {
      if (call === "open" && name === "ledger.jsonl" && (opened += 1) === 3)
        await writeFile(join(dir, name), whole);
      return undefined;
    });
    expect(await ledgerOf((await restore(await backUp(dir, { files }))).dir)).toEqual(whole);
  });
});

it("starts over with a ledger that took the place of the one it opened", async () => {
  const dir = await makeFilled();
  const other = await makeFilled({ models: true });
  const next = await ledgerOf(other);
  let replaced = false;
  const files = createFaultyFiles(disk, async (call, name) => {
    // Of the open file, before anybody is asked how much of it is durable.
    if (call !== "stat" || name !== "ledger.jsonl" || replaced || opened < 2) {
      if (call === "open" && name === "ledger.jsonl") opened += 1;
      return undefined;
    }
    replaced = true;
    await rename(join(other, name), join(dir, name));
    return undefined;
  });
  let opened = 0;
  expect(await ledgerOf((await restore(await backUp(dir, { files }))).dir)).toEqual(next);
  expect(replaced).toBe(true);
});

/** Makes the k-th call of files fail; `look` is called before. The calls that tidy up work. */
function failAt(k: number, look: () => Promise<void>) {
  let calls = 0;
  const state = { failed: false };
  const files = createFaultyFiles(disk, async (call) => {
    if (call === "remove" || (calls += 1) !== k) return undefined;
    state.failed = true;
    await look();
    return systemError("ENOSPC");
  });
  return { files, state };
}

describe("whenever a call of the disk fails, or the process is killed at it,", () => {
  it("a backup leaves no file, or a whole one", async () => {
    const dir = await makeFilled();
    const folder = await makeFolder();
    const to = join(folder, "a.backup");
    let failures = 0;
    for (let k = 1; ; k += 1) {
      // What a kill leaves, and what an error does.
      const { files, state } = failAt(k, async () => {
        if ((await readdir(folder)).includes("a.backup")) await restore(to);
      });
      const made = await backUp(dir, { to, files }).catch((error: unknown) => error);
      const refused = made instanceof StartupError;
      expect(refused || typeof made === "string", `call ${k}: ${String(made)}`).toBe(true);
      expect(await readdir(folder)).toEqual(refused ? [] : ["a.backup"]);
      if (!state.failed) break;
      if (refused) failures += 1;
      else {
        await restore(to);
        await rename(to, join(await makeFolder(), "moved"));
      }
    }
    await restore(to);
    expect(failures).toBeGreaterThan(10);
  });

  it("a restore leaves no folder, or a whole one", async () => {
    const file = await backUp(await makeFilled());
    const parent = await makeFolder();
    const dir = join(parent, "restored");
    let failures = 0;
    for (let k = 1; ; k += 1) {
      const { files, state } = failAt(k, async () => expect(await readdir(parent)).not.toContain("restored"));
      const made = await restore(file, { dir, files }).catch((error: unknown) => error);
      const refused = made instanceof StartupError;
      expect(await readdir(parent), `call ${k}: ${String(made)}`).toEqual(refused ? [] : ["restored"]);
      expect(refused || (await checkFolder(dir)).ok).toBe(true);
      if (!state.failed) break;
      if (refused) failures += 1;
      else await rename(dir, join(await makeFolder(), "moved"));
    }
    expect(failures).toBeGreaterThan(10);
  });
});

test("both end at once when they are aborted, and leave nothing", async () => {
  const dir = await makeFilled();
  const file = await backUp(dir);
  const stop = new AbortController();
  stop.abort(new Error("stopped"));
  const [to, target] = [join(await makeFolder(), "b"), join(await makeFolder(), "restored")];
  await expect(backUp(dir, { to, signal: stop.signal })).rejects.toBe(stop.signal.reason);
  await expect(restore(file, { dir: target, signal: stop.signal })).rejects.toBe(stop.signal.reason);
  expect(await readdir(join(to, ".."))).toEqual([]);
  expect(await readdir(join(target, ".."))).toEqual([]);
});

test("a backup that is aborted while it is written ends then, and leaves nothing", async () => {
  const stop = new AbortController();
  const files = createFaultyFiles(disk, (call, name) => {
    if (call === "open" && name.startsWith(".")) stop.abort(new Error("stopped"));
    return undefined;
  });
  const to = join(await makeFolder(), "b");
  await expect(backUp(await makeFilled(), { to, files, signal: stop.signal })).rejects.toThrow("stopped");
  expect(await readdir(join(to, ".."))).toEqual([]);
});

test("a restore of what is no file, or to what is no folder, says so", async () => {
  const dir = await makeFilled();
  const error = await restore(dir).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ message: `${dir} is not a regular file.` });
  const file = await backUp(dir);
  await expect(restore(file, { dir: file })).rejects.toThrow(`${file} is not a folder.`);
});

test("a backup of a folder without a store names what to type", async () => {
  const error = await backUp(await makeFolder()).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ hint: "Name the folder that holds ledger.jsonl." });
});

test("damage is told as by store check", async () => {
  const dir = await makeFilled();
  await writeFile(join(dir, "ledger.jsonl"), (await ledgerOf(dir)).fill(88, 300, 302));
  const error = await backUp(dir).catch((thrown: unknown) => thrown);
  expect((error as Damage).finding).toEqual((await checkFolder(dir)).findings[0]);
});
