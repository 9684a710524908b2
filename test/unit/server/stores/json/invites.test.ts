import { createHash } from "node:crypto";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { NewInvite } from "../../../../../src/server/core/ports.ts";
import type { Store } from "../../../../../src/server/core/store.ts";
import { checkFolder } from "../../../../../src/server/stores/json/check.ts";
import type { Line } from "../../../../../src/server/stores/json/facts.ts";
import { factLine } from "../../../../../src/server/stores/json/line.ts";
import { createFaultyFiles, killedAfter, systemError } from "./faulty-files.ts";
import { contentOf, disks, fillFolder, makeFolder, openStore, START } from "./place.ts";

const read = (dir: string, name = "ledger.jsonl") => readFile(join(dir, name), "utf8");
const unsealed = (ledger: string) => ledger.replaceAll(/,"crc":"[0-9a-f]{8}"\}/g, "}");
const noLocks = { recursive: true, filter: (path: string) => !path.includes("lock.") };

/** A closed folder of version 1 with a fact of every kind. */
async function makeFilled(): Promise<string> {
  const dir = await makeFolder();
  await fillFolder(dir);
  return dir;
}

const invite = (id: string, more: Partial<NewInvite> = {}): NewInvite => ({
  id,
  digest: id.repeat(32),
  tokens: null,
  uses: 2,
  expires: START + 1000,
  ...more,
});

async function charge({ accounts, ledger }: Store, id: string): Promise<string> {
  const { id: account } = (await accounts.byName("jane"))!;
  await ledger.hold({ id, account, digest: "d", price: 30, model: "large", expires: START + 1000 });
  return (await ledger.charge(id)).kind;
}

describe("the first invitation in a ledger of version 1", () => {
  it("writes it anew as version 2 while the server runs; all lines stay, charges at the same time too", async () => {
    const dir = await makeFilled();
    const before = unsealed(await read(dir)).replace('"version":1', '"version":2');
    const { store, warnings } = await openStore(dir);
    const charges = Promise.all(["a1", "a2", "a3"].map((id) => charge(store, id)));
    const made = store.invites.create([invite("a", { tokens: 5 }), invite("b")]);
    const later = Promise.all(["b1", "b2"].map((id) => charge(store, id)));
    expect(await made).toEqual({ kind: "created" });
    expect([...(await charges), ...(await later)]).toEqual(Array(5).fill("charged"));
    expect(
      await store.accounts.create({ name: "joe", passwordHash: "h", tokens: 5, invite: "a" }),
    ).toMatchObject({ kind: "created" });
    const ledger = unsealed(await read(dir));
    expect(ledger.startsWith(before)).toBe(true);
    const after = ledger.slice(before.length);
    expect(after).toMatch(
      /"fact":"feature","feature":"models"\}[^]*"fact":"feature","feature":"invites"\}\n.*"fact":"invite","id":"a","digest":"a{32}","tokens":5,"uses":2,"expires":"2026-11-22T10:00:01.000Z"\}\n.*"fact":"invite","id":"b".*"tokens":null/,
    );
    expect(after).toMatch(/"fact":"account".*"tokens":5,"invite":"a","balance":5\}\n$/);
    expect(warnings).toEqual([expect.stringContaining("version 2")]);
    expect(await checkFolder(dir)).toMatchObject({ ok: true, tokens: 3850 - 150 + 5 });
    await store.close();
    expect(await checkFolder(dir)).toMatchObject({ ok: true, tokens: 3850 - 150 + 5 });
    expect((await openStore(dir)).warnings).toEqual([]);
  });

  it("leaves the folder as it was until then", async () => {
    const dir = await makeFilled();
    const before = await contentOf(dir);
    const { store } = await openStore(dir);
    await store.invites.list();
    await store.invites.revoke(invite("a"));
    await store.close();
    expect(await contentOf(dir)).toEqual(before);
  });

  it("has its feature in the checkpoint, which does not give the plain sum: an older ai-chat refuses both", async () => {
    const dir = await makeFilled();
    const { store } = await openStore(dir);
    await store.invites.create([invite("a")]);
    await store.close();
    const sum = createHash("sha256")
      .update(await read(dir))
      .digest("hex");
    const checkpoint = JSON.parse(await read(dir, "accounts.json")) as Record<string, unknown>;
    expect(checkpoint).toMatchObject({ sha256: `2:${sum}`, features: ["models", "invites"] });
    expect(checkpoint["invites"]).toEqual([{ ...invite("a"), at: START, used: 0, revoked: false }]);
  });
});

describe.each(disks)("the first invitation on $name", ({ files: on }) => {
  it("may be cut off by a kill at any call: the ledger is whole, and the next one is made", async () => {
    const original = await makeFilled();
    const versions = new Set<string | undefined>();
    for (let step = 0, ended = false; !ended; step += 1) {
      const [dir, left] = [await makeFolder(), await makeFolder()];
      await cp(original, dir, noLocks);
      const { files, reached, kill, begin } = killedAfter(step, on, { waits: true });
      const { store } = await openStore(dir, { files });
      begin();
      const making = store.invites.create([invite("a")]);
      ended = await Promise.race([making.then(() => true), reached]);
      // What a kill at this moment leaves, without the lock, which it releases.
      await cp(dir, left, noLocks);
      kill();
      await making.catch(() => {});
      await store.close();
      versions.add(/"version":(\d)/.exec(await read(left))?.[1]);
      expect(await checkFolder(left), `${step}`).toMatchObject({ ok: true, tokens: 3850 });
      const { store: next } = await openStore(left);
      expect(await next.invites.create([invite("a")]), `${step}`).toEqual({ kind: "created" });
      expect(await next.invites.list(), `${step}`).toHaveLength(1);
      expect(await charge(next, "h9")).toBe("charged");
      await next.close();
      expect(await checkFolder(left), `${step}`).toMatchObject({ ok: true, tokens: 3820 });
    }
    expect([...versions]).toEqual(["1", "2"]);
  });

  it("is refused on a full disk, and the server goes on charging", async () => {
    for (const call of ["open", "write", "sync", "rename"]) {
      const dir = await makeFilled();
      let isFull = false;
      const files = createFaultyFiles(on, (made, file) =>
        isFull && made === call && file === (call === "rename" ? "ledger.jsonl" : "ledger.jsonl.new")
          ? systemError("ENOSPC")
          : undefined,
      );
      const { store } = await openStore(dir, { files });
      const before = await read(dir);
      isFull = true;
      await expect(store.invites.create([invite("a")]), call).rejects.toMatchObject({
        code: "store_unavailable",
      });
      expect(await read(dir), call).toBe(before);
      expect(await charge(store, "h9"), call).toBe("charged");
      isFull = false;
      expect(await store.invites.create([invite("a")]), call).toEqual({ kind: "created" });
      await store.close();
      expect(await checkFolder(dir), call).toMatchObject({ ok: true, tokens: 3820 });
    }
  });
});

describe("a whole line is refused", () => {
  const made = { fact: "invite", id: "c", digest: "c", tokens: null, uses: 1, expires: START };
  const account = {
    fact: "account",
    account: "0123456789abcdef",
    name: "joe",
    hash: "h",
    generation: 1,
    tokens: 5,
    balance: 5,
  };

  /** Fails to open after these facts were added to a folder with the invitations a (used up), b (revoked) and d. */
  it.each<[why: string, fact: Record<string, unknown>]>([
    ["was made already", { ...made, id: "a" }],
    ["was made already", { ...made, digest: "a".repeat(32) }],
    ["not what it should be", { ...made, tokens: -1 }],
    ["was revoked already", { fact: "invite_revoked", id: "b" }],
    ["was never made", { fact: "invite_revoked", id: "c" }],
    ["is used up", { ...account, invite: "a" }],
    ["was revoked", { ...account, invite: "b" }],
    ["was never made", { ...account, invite: "c" }],
  ])("with the reason %s: %o", async (why, fact) => {
    const dir = await makeFolder();
    const { store } = await openStore(dir);
    await store.invites.create([invite("a", { uses: 1 }), invite("b"), invite("d")]);
    await store.accounts.create({ name: "jane", passwordHash: "h", tokens: 5, invite: "a" });
    await store.invites.revoke(invite("b"));
    await store.close();
    const ledger = await read(dir);
    const crc = Number.parseInt(ledger.slice(-11, -3), 16);
    const n = ledger.split("\n").length - 1;
    const line = { n, at: START, ...fact } as unknown as Line;
    await writeFile(join(dir, "ledger.jsonl"), `${ledger}${factLine(line, crc).text}\n`);
    await expect(openStore(dir)).rejects.toThrow(why);
  });

  it("if it has an invitation and no line before it names that feature", async () => {
    const dir = await makeFolder();
    await (await openStore(dir, { models: true })).store.close();
    const ledger = await read(dir);
    const crc = Number.parseInt(ledger.slice(-11, -3), 16);
    const line = { n: 2, at: START, ...made } as unknown as Line;
    await writeFile(join(dir, "ledger.jsonl"), `${ledger}${factLine(line, crc).text}\n`);
    await expect(openStore(dir)).rejects.toThrow("no line before it names that feature");
  });
});
