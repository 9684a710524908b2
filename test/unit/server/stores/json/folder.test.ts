import { execFileSync } from "node:child_process";
import { chmod, mkdir, readFile, rename, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { StartupError } from "../../../../../src/server/core/startup-error.ts";
import {
  readAddress,
  removeAddress,
  takeBackAddress,
  writeAddress,
} from "../../../../../src/server/stores/json/address.ts";
import { checkFolder } from "../../../../../src/server/stores/json/check.ts";
import { lockHolder } from "../../../../../src/server/stores/json/lock.ts";
import { contentOf, fillFolder, makeFolder, openStore } from "./place.ts";

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

/** Modes of the folder and of the files in it, a store with all of them closed. */
async function modesAfterUse(dir: string): Promise<Record<string, string>> {
  const { store } = await openStore(dir);
  await store.signingSecret();
  await store.close();
  const names = [".", "ledger.jsonl", "accounts.json", "secret"];
  const modes = await Promise.all(names.map(async (name) => [name, await modeOf(join(dir, name))]));
  return Object.fromEntries(modes) as Record<string, string>;
}

const closed = { ".": "700", "ledger.jsonl": "600", "accounts.json": "600", secret: "600" };

describe("the data folder", () => {
  // Vitest runs each file in a process of its own, so that the umask is this file's.
  it("is closed to other users under every umask", async () => {
    for (const mask of [0, 0o022, 0o277, 0o777]) {
      const dir = join(await makeFolder(), "server");
      const before = process.umask(mask);
      const modes = await modesAfterUse(dir).finally(() => process.umask(before));
      expect(modes, `umask ${mask.toString(8)}`).toEqual(closed);
    }
  });

  it("is closed to other users if it and its files were open, without a warning", async () => {
    const dir = await makeFolder();
    await modesAfterUse(dir);
    await chmod(dir, 0o755);
    for (const name of ["ledger.jsonl", "accounts.json", "secret"]) await chmod(join(dir, name), 0o644);
    const { warnings } = await openStore(dir);
    expect(await modeOf(dir)).toBe("700");
    expect(await modeOf(join(dir, "ledger.jsonl"))).toBe("600");
    expect(await modeOf(join(dir, "secret"))).toBe("600");
    expect(warnings).toEqual([]);
  });

  it("is left open, with a warning, if it holds other files", async () => {
    const dir = await makeFolder();
    await writeFile(join(dir, "notes.txt"), "mine");
    await chmod(dir, 0o755);
    const { warnings } = await openStore(dir);
    expect(await modeOf(dir)).toBe("755");
    expect(warnings).toEqual([expect.stringContaining("Other users can look into the data folder")]);
  });

  it("is refused if it is a file", async () => {
    const path = join(await makeFolder(), "file");
    await writeFile(path, "");
    await expect(openStore(path)).rejects.toThrow(StartupError);
  });

  it.skipIf(process.platform === "win32")(
    "is refused at once if one of its files is not a regular file",
    async () => {
      for (const name of ["ledger.jsonl", "accounts.json"]) {
        const dir = await makeFolder();
        await fillFolder(dir);
        const path = join(dir, name);
        const bytes = await readFile(path);
        await rm(path);
        await symlink("/dev/zero", path);
        await expect(openStore(dir), name).rejects.toThrow(`${name}: it is a link, not a file.`);
        await rm(path);
        const server = createServer().listen(path);
        await expect(openStore(dir), name).rejects.toThrow(
          `${name}: it is a device or a socket, not a file.`,
        );
        server.close();
        await mkdir(path);
        await expect(openStore(dir), name).rejects.toThrow(`${name}: it is a folder, not a file.`);
        await rm(path, { recursive: true });
        execFileSync("mkfifo", [path]);
        await expect(openStore(dir), name).rejects.toThrow(`${name}: it is a named pipe, not a file.`);
        expect((await checkFolder(dir)).findings, name).toMatchObject([
          { file: name, what: expect.stringContaining("a named pipe") as string },
        ]);
        await rm(path);
        await writeFile(path, bytes);
        await openStore(dir);
      }
    },
  );

  it("is refused if one of its files is a link, and the target is not changed", async () => {
    for (const name of ["ledger.jsonl", "accounts.json", "secret"]) {
      const [dir, elsewhere] = [await makeFolder(), await makeFolder()];
      await modesAfterUse(dir);
      const [path, target] = [join(dir, name), join(elsewhere, "file")];
      await rename(path, target);
      await chmod(target, 0o644);
      await symlink(target, path);
      await expect(openStore(dir), name).rejects.toThrow(`${name}: it is a link, not a file.`);
      expect(await modeOf(target), name).toBe("644");
    }
  });

  it("may have a path that is a link", async () => {
    const [dir, path] = [await makeFolder(), join(await makeFolder(), "link")];
    await symlink(dir, path);
    expect(await modesAfterUse(path)).toEqual(closed);
    expect((await checkFolder(dir)).ok).toBe(true);
  });

  it("is unlocked after a refusal", async () => {
    const dir = await makeFolder();
    await writeFile(join(dir, "ledger.jsonl"), "not a ledger\n");
    await expect(openStore(dir)).rejects.toThrow(/line 1 .*not the ledger of a chat server/);
    expect(await lockHolder(dir)).toBe(false);
  });
});

describe("the signing secret", () => {
  it("is made once, even for two calls at once", async () => {
    const { store } = await openStore(await makeFolder());
    const [one, two] = await Promise.all([store.signingSecret(), store.signingSecret()]);
    expect(one.equals(two)).toBe(true);
    expect(one.length).toBe(48);
  });

  it("is different in another folder", async () => {
    const [one, two] = [await openStore(await makeFolder()), await openStore(await makeFolder())];
    expect((await one.store.signingSecret()).equals(await two.store.signingSecret())).toBe(false);
  });

  it("is refused if it is too short or not a file, and left as it is", async () => {
    const dir = await makeFolder();
    const first = await openStore(dir);
    await first.store.signingSecret();
    await first.store.close();
    await truncate(join(dir, "secret"), 31);
    const before = await contentOf(dir);
    const { store } = await openStore(dir);
    await expect(store.signingSecret()).rejects.toThrow(/secret is broken, or shorter than 32 bytes/);
    expect(await contentOf(dir)).toEqual(before);
    await store.close();
    await rm(join(dir, "secret"));
    await mkdir(join(dir, "secret"));
    await expect(openStore(dir)).rejects.toThrow("secret: it is a folder, not a file.");
  });
});

describe("the address beside the lock", () => {
  it("is written, read, and removed", async () => {
    const dir = await makeFolder();
    expect(await readAddress(dir)).toBeUndefined();
    await writeAddress(dir, "http://127.0.0.1:8000");
    expect(await readAddress(dir)).toBe("http://127.0.0.1:8000");
    expect(await modeOf(join(dir, "address"))).toBe("600");
    await removeAddress(dir);
    await removeAddress(dir);
    expect(await readAddress(dir)).toBeUndefined();
  });

  it("is removed at a start, if it is of a server that was killed, and at a close", async () => {
    const dir = await makeFolder();
    await fillFolder(dir);
    await writeAddress(dir, "http://127.0.0.1:1");
    const { store } = await openStore(dir);
    expect(await readAddress(dir)).toBeUndefined();
    await writeAddress(dir, "http://127.0.0.1:2");
    await store.close();
    expect(await readAddress(dir)).toBeUndefined();
  });

  it("is not removed by a server whose folder was replaced, if another server wrote it", async () => {
    const dir = join(await makeFolder(), "server");
    const { store } = await openStore(dir);
    await writeAddress(dir, "http://127.0.0.1:1");
    await rm(dir, { recursive: true });
    await openStore(dir);
    await writeAddress(dir, "http://127.0.0.1:2");
    await takeBackAddress(dir, "http://127.0.0.1:1");
    await store.close();
    expect(await readAddress(dir)).toBe("http://127.0.0.1:2");
    await takeBackAddress(dir, "http://127.0.0.1:2");
    expect(await readAddress(dir)).toBeUndefined();
  });
});

it("a person can follow a balance in the ledger", async () => {
  const dir = await makeFolder();
  const { store } = await openStore(dir);
  const made = await store.accounts.create({ name: "Jane", passwordHash: "$2b$one", tokens: 4000 });
  if (made.kind !== "created") throw new Error(made.kind);
  await store.ledger.grant({ id: "g-1", account: made.account.id, tokens: 50, reason: "thanks" });
  const lines = (await readFile(join(dir, "ledger.jsonl"), "utf8")).trimEnd().split("\n");
  const start = '"at":"2026-11-22T10:00:00.000Z"';
  const whose = `"account":"${made.account.id}","name":"Jane"`;
  const crc = /,"crc":"[0-9a-f]{8}"\}$/;
  expect(lines[0]).toMatch(/^\{"format":"ai-chat-ledger","version":1,"ledger":"[0-9a-f-]{36}"/);
  expect(lines.slice(1).map((line) => line.replace(crc, ""))).toEqual([
    `{"n":1,${start},"fact":"account",${whose},"hash":"$2b$one","generation":1,"tokens":4000,"balance":4000`,
    `{"n":2,${start},"fact":"grant",${whose},"id":"g-1","tokens":50,"reason":"thanks","balance":4050`,
  ]);
  expect(lines.every((line) => crc.test(line))).toBe(true);
});
