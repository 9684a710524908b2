import { chmod, chown, link, lstat, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { OtherOwner } from "../../../../../src/server/core/startup-error.ts";
import { copyStore } from "../../../../../src/server/stores/copy.ts";
import { writeAddress } from "../../../../../src/server/stores/json/address.ts";
import { giveInFolder } from "../../../../support/operate-in-folder.ts";
import { listenIn } from "../../../../../src/server/stores/json/lock-socket.ts";
import { fillFolder, makeFolder, openStore } from "./place.ts";

// A number that no user has: nothing needs to know it by name.
const USER = 4_000_001;
const grant = { id: "g", name: "Jane", tokens: 5 };
const notWarned = (sentence: string) => {
  throw new Error(sentence);
};

/** Does the work as another user. Vitest runs each file in a process of its own, so that the user is this file's. */
async function as<T>(user: number, work: () => Promise<T>): Promise<T> {
  process.setegid?.(user);
  process.seteuid?.(user);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

const ownersIn = async (dir: string) => {
  const names = [".", ...(await readdir(dir))];
  return new Set(await Promise.all(names.map(async (name) => (await lstat(join(dir, name))).uid)));
};

/** A store of that user's, closed. */
async function makeStoreOf(user: number): Promise<string> {
  const dir = await makeFolder();
  await chown(dir, user, user);
  await as(user, () => fillFolder(dir));
  return dir;
}

/** Bound there and dead. */
async function leaveSocket(path: string): Promise<void> {
  const server = createServer().listen(`${path}.bound`);
  await once(server, "listening");
  await link(`${path}.bound`, path);
  server.close();
  await once(server, "close");
  await chmod(path, 0o600);
}

const refusalOf = (work: Promise<unknown>): Promise<OtherOwner> =>
  work.then(
    () => {
      throw new Error("It was not refused.");
    },
    (error: unknown) => {
      if (error instanceof OtherOwner) return error;
      throw error;
    },
  );

describe.skipIf(process.getuid?.() !== 0)("root, in the store of another user", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await makeStoreOf(USER);
  });

  it("grants tokens, and every file still belongs to that user, who can start the server again", async () => {
    expect(await giveInFolder(dir, grant, notWarned)).toMatchObject({ kind: "granted", tokens: 3855 });
    expect(await ownersIn(dir)).toEqual(new Set([USER]));
    await as(USER, async () => {
      const { store, warnings } = await openStore(dir, { now: Date.now });
      await store.close();
      expect(warnings).toEqual([]);
    });
  });

  it("serves, and every file belongs to that user", async () => {
    for (const name of await readdir(dir)) await rm(join(dir, name));
    const { store } = await openStore(dir);
    await store.signingSecret();
    await writeAddress(dir, "http://127.0.0.1:1");
    expect(await readdir(dir)).toHaveLength(5);
    expect(await ownersIn(dir)).toEqual(new Set([USER]));
    await store.close();
    expect(await ownersIn(dir)).toEqual(new Set([USER]));
  });

  it("grants tokens through that user's running server", async () => {
    // The server must be closed by the user who opened it, so that what it makes is that user's.
    const { store } = await as(USER, () => openStore(dir));
    expect(await giveInFolder(dir, grant, notWarned)).toMatchObject({ kind: "granted", tokens: 3855 });
    await as(USER, () => store.close());
    expect(await ownersIn(dir)).toEqual(new Set([USER]));
  });

  it("gives the folders of a new store to that user", async () => {
    const made = join(dir, "more", "store");
    await fillFolder(made);
    expect(await ownersIn(made)).toEqual(new Set([USER]));
    expect((await stat(join(dir, "more"))).uid).toBe(USER);
  });

  it("copies a store into an empty folder of that user, or into a new one inside it", async () => {
    const from = await makeFolder();
    await fillFolder(from);
    const to = await makeFolder();
    await chown(to, USER, USER);
    const inside = join(to, "copy");
    await copyStore({ from, to: inside, warn: notWarned });
    expect(await ownersIn(inside)).toEqual(new Set([USER]));
    await rm(inside, { recursive: true });
    await copyStore({ from, to, warn: notWarned });
    expect(await ownersIn(to)).toEqual(new Set([USER]));
    await as(USER, async () => (await openStore(to)).store.close());
  });

  it("makes no lock in a folder that this user put in the place of root's own", async () => {
    const starter = join(dir, "lock.new.abc");
    await as(USER, () => mkdir(starter));
    await expect(listenIn(starter, { uid: USER, gid: USER }, () => {})).rejects.toThrow("another user");
    expect(await readdir(starter)).toEqual([]);
  });

  it("does not change a file of root that is linked into the folder", async () => {
    const elsewhere = join(await makeFolder(), "file");
    await writeFile(elsewhere, "x".repeat(48), { mode: 0o644 });
    await link(elsewhere, join(dir, "secret"));
    await giveInFolder(dir, grant, notWarned);
    expect((await stat(elsewhere)).mode & 0o777).toBe(0o644);
    expect((await stat(elsewhere)).uid).toBe(0);
  });
});

describe.skipIf(process.getuid?.() !== 0)("a user in the store of another", () => {
  const uses: [string, (dir: string) => Promise<unknown>][] = [
    ["serving", (dir) => openStore(dir)],
    ["granting", (dir) => giveInFolder(dir, grant, notWarned)],
    ["copying from it", (dir) => copyStore({ from: dir, to: `${dir}-copy`, warn: notWarned })],
  ];
  it("is refused whether the folder is closed or open", async () => {
    for (const [what, work] of uses) {
      const dir = await makeStoreOf(USER);
      for (const mode of [0o700, 0o755, 0o777]) {
        await chmod(dir, mode);
        const refusal = await as(USER + 1, () => refusalOf(work(dir)));
        expect(refusal.message, what).toMatch(
          new RegExp(`^The (store in|folder) ${dir} belongs to user ${USER}\\.`),
        );
        expect(refusal.use, what).toEqual({ user: `'#${USER}'`, dir });
      }
      expect(await ownersIn(dir), what).toEqual(new Set([USER]));
    }
  });

  it("is refused a new store in a folder of another user", async () => {
    const dir = await makeFolder();
    await chown(dir, USER, USER);
    await chmod(dir, 0o755);
    const refusal = await as(USER + 1, () => refusalOf(openStore(dir)));
    expect(refusal.message).toBe(`The folder ${dir} belongs to user ${USER}.`);
    expect(await readdir(dir)).toEqual([]);
  });

  it("is refused a copy into a folder of another user", async () => {
    for (const mode of [0o700, 0o755]) {
      const from = await makeStoreOf(USER + 1);
      const dir = await makeFolder();
      await chown(dir, USER, USER);
      await chmod(dir, mode);
      const copying = () => copyStore({ from, to: join(dir, "copy"), warn: notWarned });
      const refusal = await as(USER + 1, () => refusalOf(copying()));
      expect(refusal.message, `mode ${mode.toString(8)}`).toBe(`The folder ${dir} belongs to user ${USER}.`);
    }
  });
});

describe.skipIf(process.getuid?.() !== 0)("a lock that root left in the folder of another user", () => {
  it("is reported with file and owner, and the store starts after it is removed by hand", async () => {
    const dir = await makeStoreOf(USER);
    const lock = join(dir, "lock.7");
    await leaveSocket(lock);
    for (const work of [() => openStore(dir), () => giveInFolder(dir, grant, notWarned)]) {
      const refusal = await as(USER, () => refusalOf(work()));
      expect(refusal.message).toMatch(new RegExp(`^The lock ${lock} belongs to root\\.`));
      expect(refusal.hint).toContain(`sudo rm ${lock}`);
      expect(refusal.use).toBeUndefined();
    }
    await rm(lock);
    await as(USER, async () => (await openStore(dir)).store.close());
  });

  it("is removed by the folder's owner if it is certainly dead", async () => {
    const dir = await makeStoreOf(USER);
    // What a copy of the folder makes of a socket, and a starter that had no lock yet.
    await writeFile(join(dir, "lock.7"), "", { mode: 0o600 });
    await as(USER, () => mkdir(join(dir, "lock.new.abc")));
    await leaveSocket(join(dir, "lock.new.abc", "lock.new.abc"));
    const { store } = await as(USER, () => openStore(dir));
    onTestFinished(() => as(USER, () => store.close()));
    expect((await readdir(dir)).filter((name) => name.startsWith("lock."))).toEqual(["lock.8"]);
  });

  it("is replaced by root with one of that user's", async () => {
    const dir = await makeStoreOf(USER);
    await leaveSocket(join(dir, "lock.7"));
    await giveInFolder(dir, grant, notWarned);
    expect((await readdir(dir)).filter((name) => name.startsWith("lock."))).toEqual(["lock.8"]);
    expect(await ownersIn(dir)).toEqual(new Set([USER]));
  });
});
