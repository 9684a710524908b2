import { createHash } from "node:crypto";
import { appendFile, cp, readdir, readFile, rm, stat, truncate } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect, it, vi } from "vitest";
import type { Store } from "../../../../../src/server/core/store.ts";
import { checkFolder } from "../../../../../src/server/stores/json/check.ts";
import { inWorker } from "../../../../../src/server/stores/json/in-worker.ts";
import { makeCheckpoint } from "../../../../../src/server/stores/json/make-checkpoint.ts";
import { FACTS } from "../../../../../src/server/stores/json/periodic.ts";
import { createFaultyFiles, killedAfter, systemError } from "./faulty-files.ts";
import { disks, makeFolder, openStore, START } from "./place.ts";

const CHECKPOINT = "accounts.json";
const built = (name: string) => resolve("dist", name);

const noLocks = { recursive: true, filter: (path: string) => !path.includes("lock.") };

/** A copy of the folder, as a kill of the server leaves it now. */
async function afterKill(dir: string): Promise<string> {
  const left = await makeFolder();
  await cp(dir, left, noLocks);
  return left;
}

async function register({ accounts }: Store): Promise<string> {
  const made = await accounts.create({ name: "jane", passwordHash: "$2b$one", tokens: 4000 });
  if (made.kind !== "created") throw new Error(made.kind);
  return made.account.id;
}

let grants = 0;
/** As many facts as a checkpoint waits for. */
const giveOften = ({ ledger }: Store, account: string, count = FACTS) =>
  Promise.all(
    Array.from({ length: count }, () =>
      ledger.grant({ id: `g${(grants += 1)}`, account, tokens: 1, reason: "" }),
    ),
  );

const linesOf = async (dir: string) =>
  (JSON.parse(await readFile(join(dir, CHECKPOINT), "utf8")) as { lines: number }).lines;

/** With a `make` that works in this process. */
async function openMaking(dir: string, more: Parameters<typeof openStore>[1] = {}) {
  const making: Promise<void>[] = [];
  const opened = await openStore(dir, {
    make: (wanted) => {
      const made = makeCheckpoint(more.files ?? disks[0]!.files, wanted);
      making.push(made);
      return made;
    },
    ...more,
  });
  return { ...opened, making };
}

/** {@link openMaking} with an account. */
async function openFilled(more: Parameters<typeof openStore>[1] = {}) {
  const dir = await makeFolder();
  const opened = await openMaking(dir, more);
  return { dir, ...opened, jane: await register(opened.store) };
}

describe("a server that runs", () => {
  it("makes a checkpoint after so many facts, from which the lost end of its ledger is seen", async () => {
    const { dir, store, jane, making } = await openFilled();
    await giveOften(store, jane);
    await store.ledger.grant({ id: "last", account: jane, tokens: 1, reason: "" });
    await Promise.all(making);
    // Header, account and grants, as far as they were written when it began.
    expect(await linesOf(dir)).toBeGreaterThan(FACTS);
    const left = await afterKill(dir);
    expect(await checkFolder(left)).toMatchObject({ ok: true, tokens: 4000 + FACTS + 1 });
    const { size } = await stat(join(left, "ledger.jsonl"));
    await truncate(join(left, "ledger.jsonl"), size - 1000);
    const says = /^ledger\.jsonl: it has \d+ bytes, but accounts\.json was made from \d+ bytes of it\.$/;
    await expect(openStore(left)).rejects.toThrow(says);
    expect((await checkFolder(left)).findings).toMatchObject([
      { file: "ledger.jsonl", what: expect.stringContaining("accounts.json was made from") },
    ]);
  });

  it("makes it in a worker thread, from the last one and the lines since", async () => {
    const dir = await makeFolder();
    let made: Promise<void> | undefined;
    const { store, warnings } = await openStore(dir, {
      make: (wanted, signal) => (made = inWorker(wanted, signal, built("checkpoint-worker.js"))),
    });
    const jane = await register(store);
    for (const lines of [FACTS, 2 * FACTS]) {
      await giveOften(store, jane);
      await made;
      expect(await linesOf(dir)).toBeGreaterThan(lines);
      expect(await checkFolder(dir, { now: () => START })).toMatchObject({ ok: true });
    }
    expect(warnings).toEqual([]);
    const again = await openStore(await afterKill(dir));
    expect((await again.store.ledger.balance(jane)).tokens).toBe(4000 + 2 * FACTS);
  });

  it("answers while a checkpoint is being made", async () => {
    let begun = false;
    const { store, jane } = await openFilled({
      make: (_wanted, signal) => {
        begun = true;
        return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
      },
    });
    await giveOften(store, jane);
    expect(begun).toBe(true);
    const granted = await store.ledger.grant({ id: "more", account: jane, tokens: 1, reason: "" });
    expect(granted.kind).toBe("granted");
  });

  it("only warns of a worker that fails, and makes the checkpoint when it is closed", async () => {
    for (const [file, says] of [
      ["no-such-file.js", /accounts\.json could not be written \(.+\)\.$/],
      // A file that ends in a thread of its own, and says nothing.
      ["package.json", /accounts\.json could not be written \(.+\)\.$/],
    ] as const) {
      const { dir, store, jane, warnings } = await openFilled({
        make: (wanted, signal) => inWorker(wanted, signal, built(file)),
      });
      await giveOften(store, jane);
      await vi.waitFor(() => expect(warnings).toHaveLength(1), 45_000);
      expect(warnings[0]).toMatch(says);
      expect((await store.ledger.grant({ id: file, account: jane, tokens: 1, reason: "" })).kind).toBe(
        "granted",
      );
      await store.close();
      expect(await linesOf(dir)).toBe(FACTS + 3);
      expect((await openStore(dir)).warnings).toEqual([]);
    }
  });

  it("tells why a worker failed: another program changed the ledger or the checkpoint", async () => {
    const harms: [(dir: string) => Promise<void>, RegExp][] = [
      [(dir) => appendFile(join(dir, CHECKPOINT), "x"), /its checksum is wrong/],
      [(dir) => rm(join(dir, "ledger.jsonl")), /\(ENOENT\)/],
      [(dir) => truncate(join(dir, "ledger.jsonl"), 300), /is not what the server wrote/],
    ];
    for (const [harm, says] of harms) {
      const dir = await makeFolder();
      let harmed: Promise<void> | undefined;
      const { store, warnings } = await openStore(dir, {
        make: async (wanted, signal) => {
          await (harmed = harm(dir));
          await inWorker(wanted, signal, built("checkpoint-worker.js"));
        },
      });
      await giveOften(store, await register(store));
      await vi.waitFor(() => expect(warnings).toHaveLength(1), 45_000);
      await harmed;
      expect(warnings[0]).toMatch(says);
    }
  });

  it("may be closed while a worker makes a checkpoint", async () => {
    let ended: Promise<unknown> | undefined;
    const { dir, store, jane, warnings } = await openFilled({
      make: (wanted, signal) => {
        const made = inWorker(wanted, signal, built("checkpoint-worker.js"));
        ended = made.catch(() => {});
        return made;
      },
    });
    await giveOften(store, jane);
    await store.close();
    await ended;
    expect(await linesOf(dir)).toBe(FACTS + 2);
    expect((await readdir(dir)).filter((name) => name.endsWith(".new"))).toEqual([]);
    expect(warnings).toEqual([]);
    expect(await checkFolder(dir)).toMatchObject({ ok: true });
  });

  it("goes on from a checkpoint that was removed in the meantime", async () => {
    const { dir, store, jane, making } = await openFilled();
    await rm(join(dir, CHECKPOINT));
    await giveOften(store, jane);
    await Promise.all(making);
    expect(await linesOf(dir)).toBeGreaterThan(FACTS);
    expect(await checkFolder(dir, { now: () => START })).toMatchObject({ ok: true });
  });
});

describe.each(disks)("a checkpoint beside the server on $name", ({ files: on }) => {
  it("is made although the one of a ledger that was just written anew could not be", async () => {
    let full = false;
    const files = createFaultyFiles(on, (call, file) =>
      full && call === "rename" && file === CHECKPOINT ? systemError("ENOSPC") : undefined,
    );
    const { dir, store: first, jane } = await openFilled();
    await first.close();
    const { store, warnings, making } = await openMaking(dir, { files });
    full = true;
    const invite = { id: "a", digest: "a".repeat(64), tokens: null, uses: 1, expires: START + 1000 };
    expect(await store.invites.create([invite])).toEqual({ kind: "created" });
    full = false;
    await giveOften(store, jane);
    await Promise.allSettled(making);
    expect(warnings.slice(1)).toEqual([`${CHECKPOINT} could not be written (ENOSPC).`]);
    expect(await linesOf(dir)).toBeGreaterThan(FACTS);
    expect(await checkFolder(await afterKill(dir), { now: () => START })).toMatchObject({ ok: true });
  });

  it("may be killed at any call: the folder opens, and nothing is lost", async () => {
    const { dir, store, jane } = await openFilled();
    await giveOften(store, jane, 300);
    const original = await afterKill(dir);
    const ledger = await readFile(join(original, "ledger.jsonl"));
    const lines: number[] = [];
    for (let step = 0, ended = false; !ended; step += 1) {
      const place = await makeFolder();
      await cp(original, place, noLocks);
      const { files, reached, kill } = killedAfter(step, on);
      const making = makeCheckpoint(files, { dir: place, ...synced(ledger), now: START });
      ended = await Promise.race([making.then(() => true), reached]);
      const left = await afterKill(place);
      kill();
      await making.catch(() => {});
      lines.push(await linesOf(left));
      expect(await checkFolder(left, { now: () => START }), `${step}`).toMatchObject({
        ok: true,
        tokens: 4300,
      });
      const { store: again, warnings } = await openStore(left);
      expect((await again.ledger.balance(jane)).tokens, `${step}`).toBe(4300);
      expect(warnings, `${step}`).toEqual([]);
      await again.close();
    }
    // The last one, then the new one.
    expect(new Set(lines)).toEqual(new Set([1, 302]));
    expect(lines.length).toBeGreaterThan(5);
  });

  it("that finds the disk full is a warning, and the next one is tried", async () => {
    for (const call of ["write", "rename"]) {
      let full = false;
      const files = createFaultyFiles(on, (made, file) =>
        full && made === call && file.startsWith(CHECKPOINT) ? systemError("ENOSPC") : undefined,
      );
      const { dir, store, jane, warnings, making } = await openFilled({ files });
      full = true;
      await giveOften(store, jane);
      await Promise.allSettled(making);
      await vi.waitFor(
        () => expect(warnings, call).toEqual([`${CHECKPOINT} could not be written (ENOSPC).`]),
        45_000,
      );
      expect(
        (await readdir(dir)).filter((name) => name.endsWith(".new")),
        call,
      ).toEqual([]);
      expect((await openStore(await afterKill(dir))).warnings, call).toEqual([]);
      full = false;
      await giveOften(store, jane);
      await Promise.all(making.slice(1));
      expect(await linesOf(dir), call).toBeGreaterThan(FACTS);
      await store.close();
    }
  });

  const synced = (ledger: Buffer) => ({
    length: ledger.length,
    sha256: createHash("sha256").update(ledger).digest("hex"),
    key: undefined,
    head: Number.parseInt(ledger.toString("latin1").slice(-11, -3), 16),
  });
});
