import { basename, join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { OtherOwner } from "../../../../../src/server/core/startup-error.ts";
import { disk } from "../../../../../src/server/stores/json/disk.ts";
import type { Files, FileStat } from "../../../../../src/server/stores/json/files.ts";
import { contentOf, fillFolder, makeFolder, openStore } from "./place.ts";

// Numbers of users that no machine has.
const [ME, OTHER] = [4_000_001, 4_000_002];

afterEach(() => void vi.restoreAllMocks());

/** The disk as it looks to the user `me`: each file belongs to the named owner (`.` is the folder), the others to `me`. */
function seenBy(me: number, owners: Record<string, number>): { files: Files; given: Record<string, string> } {
  vi.spyOn(process, "geteuid").mockReturnValue(me);
  const given: Record<string, string> = {};
  const owned = (found: FileStat, path: string): FileStat => {
    const uid = owners[path.endsWith("/.") ? "." : basename(path)] ?? me;
    const { size, ino, dev, mode } = found;
    return { size, ino, dev, mode, uid, gid: uid };
  };
  const files: Files = {
    ...disk,
    stat: async (path) => owned(await disk.stat(path), path),
    async open(path, flags, mode) {
      const file = await disk.open(path, flags, mode);
      return {
        read: (...how) => file.read(...how),
        write: (...how) => file.write(...how),
        truncate: (length) => file.truncate(length),
        datasync: () => file.datasync(),
        sync: () => file.sync(),
        stat: async () => owned(await file.stat(), path),
        chmod: async (mode) => {
          given[basename(path)] = `${given[basename(path)] ?? ""} ${mode.toString(8)}`.trim();
          await file.chmod(mode);
        },
        chown: async (uid, gid) => {
          given[basename(path)] = `${uid}:${gid}`;
        },
        close: () => file.close(),
      };
    },
  };
  return { files, given };
}

async function refusalOf(dir: string, files: Files): Promise<OtherOwner> {
  const before = await contentOf(dir);
  const error: unknown = await openStore(dir, { files }).catch((error: unknown) => error);
  if (!(error instanceof OtherOwner)) throw new Error("It was not refused.");
  expect(await contentOf(dir)).toEqual(before);
  return error;
}

describe.skipIf(process.platform === "win32")("the owner of a store", () => {
  it("refuses a store whose folder and a file in it belong to another user, and changes nothing", async () => {
    for (const name of ["ledger.jsonl", "accounts.json", "secret"]) {
      const dir = await makeFolder();
      const first = await openStore(dir);
      await first.store.signingSecret();
      await first.store.close();
      const { files } = seenBy(ME, { ".": OTHER, [name]: OTHER });
      const refusal = await refusalOf(dir, files);
      expect(refusal.message, name).toBe(`The store in ${dir} belongs to user ${OTHER}.`);
      expect(refusal.hint, name).toContain(`sudo -u '#${OTHER}'`);
      expect(refusal.use, name).toEqual({ user: `'#${OTHER}'`, dir });
    }
  });

  it("names the other user by the name in /etc/passwd", async () => {
    const dir = await makeFolder();
    await fillFolder(dir);
    const { files } = seenBy(ME, { ".": 0, "ledger.jsonl": 0 });
    const refusal = await refusalOf(dir, files);
    expect(refusal.message).toBe(`The store in ${dir} belongs to root.`);
    expect(refusal.hint).toContain("sudo -u root");
  });

  it("refuses a file of another user in a folder of this user, and says how to change its owner", async () => {
    const dir = await makeFolder();
    await fillFolder(dir);
    const path = join(dir, "accounts.json");
    const { files } = seenBy(ME, { "accounts.json": OTHER });
    const refusal = await refusalOf(dir, files);
    expect(refusal.message).toBe(`${path} belongs to user ${OTHER}, and its folder to this user.`);
    expect(refusal.hint).toBe(`Change its owner: sudo chown ${ME} ${path}`);
  });

  it("uses a folder of another user if the files in it belong to this user, as with Kubernetes' fsGroup", async () => {
    const dir = await makeFolder();
    await fillFolder(dir);
    const { files, given } = seenBy(ME, { ".": OTHER });
    const { store } = await openStore(dir, { files });
    await store.close();
    expect(Object.values(given).join()).not.toContain(":");
  });

  it("gives new files to the owner of the folder, or of the ledger in root's folder, when run by root", async () => {
    const cases: [string, Record<string, number>][] = [
      ["the folder's owner", { ".": OTHER, "ledger.jsonl": 0 }],
      ["the ledger's owner where root owns the folder", { ".": 0, "ledger.jsonl": OTHER }],
    ];
    for (const [receiver, owners] of cases) {
      const dir = await makeFolder();
      await fillFolder(dir);
      const { files, given } = seenBy(0, owners);
      const { store } = await openStore(dir, { files });
      await store.signingSecret();
      await store.accounts.create({ name: "john", passwordHash: "x", tokens: 1 });
      await store.close();
      const made = `${OTHER}:${OTHER} 600`;
      expect(given, receiver).toEqual({ "secret.new": made, "accounts.json.new": made });
    }
  });

  it("as root does not change the mode of a file that does not belong to the folder's owner", async () => {
    const dir = await makeFolder();
    await fillFolder(dir);
    await disk.open(join(dir, "ledger.jsonl"), "r+").then(async (file) => {
      await file.chmod(0o644);
      await file.close();
    });
    const { files, given } = seenBy(0, { ".": OTHER, "ledger.jsonl": 0 });
    const { store } = await openStore(dir, { files });
    await store.close();
    expect(given).not.toHaveProperty("ledger.jsonl");
  });
});
