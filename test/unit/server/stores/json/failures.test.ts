import { randomUUID } from "node:crypto";
import { appendFile, copyFile, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { ApiError } from "../../../../../src/server/core/api-error.ts";
import type { Store } from "../../../../../src/server/core/store.ts";
import { checkFolder } from "../../../../../src/server/stores/json/check.ts";
import { createFaultyFiles, systemError, type Fault } from "./faulty-files.ts";
import { disks, makeFolder, openStore, START } from "./place.ts";

type Say = Parameters<typeof createFaultyFiles>[1];

const questionOf = (account: string, key?: string) => ({
  id: randomUUID(),
  account,
  key,
  digest: "digest",
  price: 100,
  model: "small",
  expires: START + 1000,
});

async function hold(store: Store, account: string, key?: string): Promise<string> {
  const request = questionOf(account, key);
  expect((await store.ledger.hold(request)).kind).toBe("held");
  return request.id;
}

/** A fault for one call on the ledger, once: the first one, or one after `passed` others. */
function once(call: string, fault: Fault, passed = 0): Say {
  let made = 0;
  return (name, file) => (name === call && file === "ledger.jsonl" && made++ === passed ? fault : undefined);
}

const unavailable = expect.objectContaining({ code: "store_unavailable" }) as unknown;

async function refusal(call: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await call.catch((error: unknown) => error);
  if (!(error instanceof ApiError)) throw new Error("It was not refused.");
  return error;
}

const serves = (store: Store) => vi.waitFor(async () => expect(await store.ready()).toBe(true), 45_000);

describe.each(disks)("on $name", ({ files: on }) => {
  /** A store on a disk that does what `fault.say` says, with an account of 4000 tokens. */
  async function openFaulty() {
    const dir = await makeFolder();
    const fault: { say: Say } = { say: () => undefined };
    const files = createFaultyFiles(on, (call, file) => fault.say(call, file));
    const { store, warnings } = await openStore(dir, { files });
    const made = await store.accounts.create({ name: "jane", passwordHash: "$2b$one", tokens: 4000 });
    if (made.kind !== "created") throw new Error(made.kind);
    return { dir, files, fault, store, warnings, jane: made.account.id };
  }

  describe("a write to the ledger", () => {
    it("is complete although the disk takes three bytes at a time", async () => {
      const { dir, fault, store, jane } = await openFaulty();
      const id = await hold(store, jane);
      fault.say = (call) => (call === "write" ? 3 : undefined);
      expect((await store.ledger.charge(id)).kind).toBe("charged");
      await store.close();
      const again = await openStore(dir);
      expect(await again.store.ledger.balance(jane)).toEqual({ tokens: 3900, held: 0 });
      expect(again.warnings).toEqual([]);
    });

    it("that fails charges nothing, and the store recovers by itself", async () => {
      // Before each write the open file is looked at, then its path.
      const cases: [call: string, code: string, passed?: number][] = [
        ["write", "ENOSPC"],
        ["write", "EIO"],
        ["datasync", "EIO"],
        ["stat", "EIO"],
        ["stat", "EIO", 1],
      ];
      for (const [call, code, passed] of cases) {
        const row = `${call} ${passed}: ${code}`;
        const { dir, fault, store, warnings, jane } = await openFaulty();
        const id = await hold(store, jane);
        const before = await readFile(join(dir, "ledger.jsonl"));
        fault.say = once(call, systemError(code), passed);
        const refused = await refusal(store.ledger.charge(id));
        expect(refused, row).toEqual(unavailable);
        // With Retry-After the client repeats the question by itself.
        expect(refused.retryAfter, row).toBe(1);
        expect(await store.ledger.balance(jane), row).toEqual({ tokens: 4000, held: 100 });
        await serves(store);
        expect((await readFile(join(dir, "ledger.jsonl"))).equals(before), row).toBe(true);

        expect((await store.ledger.charge(id)).kind, row).toBe("charged");
        expect(warnings, row).toEqual([
          expect.stringContaining(code),
          expect.stringContaining("is being written again"),
        ]);
        await store.close();
        const again = await openStore(dir);
        expect(await again.store.ledger.balance(jane), row).toEqual({ tokens: 3900, held: 0 });
      }
    });

    it("that fails halfway is cut back before anything else is written", async () => {
      const { dir, fault, store, jane } = await openFaulty();
      const before = await readFile(join(dir, "ledger.jsonl"));
      let writes = 0;
      fault.say = (call) => {
        if (call !== "write") return undefined;
        writes += 1;
        return writes === 1 ? 20 : systemError("ENOSPC");
      };
      const granted = store.ledger.grant({ id: "g", account: jane, tokens: 1, reason: "" });
      expect(await refusal(granted)).toEqual(unavailable);
      fault.say = () => undefined;
      await serves(store);
      expect((await readFile(join(dir, "ledger.jsonl"))).equals(before)).toBe(true);
      expect(await store.ledger.grant({ id: "g", account: jane, tokens: 1, reason: "" })).toEqual({
        kind: "granted",
        balance: { tokens: 4001, held: 0 },
      });
    });

    it("that fails refuses all waiting calls, and gives each its hold, name or grant back", async () => {
      const { fault, store, jane } = await openFaulty();
      const holds = [await hold(store, jane), await hold(store, jane, "key")];
      fault.say = once("datasync", systemError("EIO"));
      const grant = { id: "g", account: jane, tokens: 5, reason: "" };
      const john = { name: "john", passwordHash: "x", tokens: 1 };
      const calls = [
        ...holds.map((id) => store.ledger.charge(id)),
        store.ledger.grant(grant),
        store.accounts.create(john),
        store.accounts.setPassword({ account: jane, generation: 1, passwordHash: "$2b$two" }),
        store.accounts.setDisabled(jane, true),
        store.accounts.revoke({ account: jane, jti: "jti", expires: START + 1 }),
      ];
      const errors = await Promise.all(calls.map((call) => refusal(call)));
      expect(errors).toEqual(errors.map(() => unavailable));
      expect(new Set(errors).size).toBe(errors.length);
      expect(await store.ledger.balance(jane)).toEqual({ tokens: 4000, held: 200 });
      const { account, revoked } = (await store.accounts.session(jane, "jti")) ?? {};
      expect(account).toMatchObject({ passwordHash: "$2b$one", generation: 1, disabled: false });
      expect(revoked).toBe(false);

      await serves(store);
      await store.ledger.release(holds[0] ?? "");
      await store.ledger.charge(holds[1] ?? "");
      await store.ledger.grant(grant);
      expect(await store.ledger.balance(jane)).toEqual({ tokens: 3905, held: 0 });
      expect((await store.accounts.create(john)).kind).toBe("created");
    });

    it("is not seen by a reader before it is durable", async () => {
      const { fault, store, jane } = await openFaulty();
      const id = await hold(store, jane, "key");
      let sync = () => {};
      const syncing = new Promise<void>((reached) => {
        fault.say = (call) => {
          if (call !== "datasync") return undefined;
          reached();
          return new Promise((resolve) => {
            sync = () => resolve(undefined);
          });
        };
      });
      const charge = store.ledger.charge(id);
      const john = store.accounts.create({ name: "john", passwordHash: "x", tokens: 1 });
      await syncing;
      expect(await store.ledger.balance(jane)).toEqual({ tokens: 4000, held: 100 });
      expect((await store.ledger.usage(jane, 1))[0]?.questions).toBe(0);
      expect(await store.accounts.byName("john")).toBeUndefined();
      expect(await store.ledger.hold(questionOf(jane, "key"))).toEqual({ kind: "in_flight" });
      fault.say = () => undefined;
      sync();
      await Promise.all([charge, john]);
      expect(await store.ledger.balance(jane)).toEqual({ tokens: 3900, held: 0 });
      expect(await store.accounts.byName("john")).toBeDefined();
    });
  });

  describe("while the disk is full", () => {
    it("takes nothing, so that no question is sent to the AI, and recovers once there is room", async () => {
      const { dir, fault, store, warnings, jane } = await openFaulty();
      const id = await hold(store, jane);
      const before = await readFile(join(dir, "ledger.jsonl"));
      let tries = 0;
      fault.say = (call, file) => {
        if (call !== "write" || file !== "ledger.jsonl") return undefined;
        tries += 1;
        return tries % 2 === 1 ? 30 : systemError("ENOSPC");
      };
      await refusal(store.ledger.charge(id));
      // Short write and refusal of the charge, then the same of each try for room.
      await vi.waitFor(() => expect(tries).toBeGreaterThanOrEqual(6), 45_000);
      expect(await store.ready()).toBe(false);
      expect(await refusal(hold(store, jane))).toEqual(unavailable);
      expect(warnings).toHaveLength(1);
      fault.say = () => undefined;
      await serves(store);
      expect((await readFile(join(dir, "ledger.jsonl"))).equals(before)).toBe(true);
      expect((await store.ledger.charge(id)).kind).toBe("charged");
    });
  });

  describe("while the ledger cannot be cut back", () => {
    it("takes nothing, warns once, goes on reading, and recovers once the ledger can be cut back", async () => {
      const { fault, store, warnings, jane } = await openFaulty();
      const id = await hold(store, jane);
      let repairs = 0;
      fault.say = (call, file) => {
        if (file !== "ledger.jsonl") return undefined;
        if (call === "truncate") repairs += 1;
        return call === "datasync" || call === "truncate" ? systemError("EIO") : undefined;
      };
      await refusal(store.ledger.charge(id));
      expect(await store.ready()).toBe(false);
      expect(await refusal(hold(store, jane))).toEqual(unavailable);
      expect(await refusal(store.ledger.charge(id))).toEqual(unavailable);
      const grant = store.ledger.grant({ id: "g", account: jane, tokens: 1, reason: "" });
      expect(await refusal(grant)).toEqual(unavailable);
      expect(await store.ledger.balance(jane)).toEqual({ tokens: 4000, held: 100 });
      await vi.waitFor(() => expect(repairs).toBeGreaterThan(1), 45_000);
      expect(await store.ready()).toBe(false);
      expect(warnings).toHaveLength(1);
      fault.say = () => undefined;
      await serves(store);
      expect((await store.ledger.charge(id)).kind).toBe("charged");
    });

    it("can be closed, and the next start finds what was acknowledged", async () => {
      const { dir, fault, store, jane } = await openFaulty();
      const id = await hold(store, jane);
      fault.say = (call, file) =>
        file === "ledger.jsonl" && ["datasync", "truncate", "open"].includes(call)
          ? systemError("EIO")
          : undefined;
      await refusal(store.ledger.charge(id));
      await store.close();
      const again = await openStore(dir);
      expect((await again.store.ledger.balance(jane)).held).toBe(0);
      expect(again.warnings).toEqual([]);
    });
  });

  describe("a second writer", () => {
    const harms: [string, (ledger: string) => Promise<void>][] = [
      ["appends", (ledger) => appendFile(ledger, "{}\n")],
      ["cuts the ledger", (ledger) => writeFile(ledger, "")],
      ["removes the ledger", (ledger) => rm(ledger)],
      [
        "puts a copy in its place",
        async (ledger) => {
          await copyFile(ledger, `${ledger}.copy`);
          await rename(`${ledger}.copy`, ledger);
        },
      ],
    ];

    it("stops the store until a restart, before it writes anything", async () => {
      for (const [what, harm] of harms) {
        const { dir, store, warnings, jane } = await openFaulty();
        const id = await hold(store, jane);
        const [ledger, accounts] = [join(dir, "ledger.jsonl"), join(dir, "accounts.json")];
        const checkpoint = await readFile(accounts);
        await harm(ledger);
        const left = await readFile(ledger).catch(() => undefined);
        const refused = await refusal(store.ledger.charge(id));
        expect(refused, what).toEqual(unavailable);
        // No Retry-After, because only a restart helps.
        expect(refused.retryAfter, what).toBeUndefined();
        expect(await store.ready(), what).toBe(false);
        expect(warnings, what).toEqual([expect.stringContaining("another program writes to this folder")]);
        await store.close();
        expect(await readFile(ledger).catch(() => undefined), what).toEqual(left);
        expect((await readFile(accounts)).equals(checkpoint), what).toBe(true);
      }
    });
  });

  describe("the checkpoint", () => {
    it("is written by a start that finds none, before it serves", async () => {
      const dir = await makeFolder();
      const first = await openStore(dir);
      expect((await readFile(join(dir, "accounts.json"))).length).toBeGreaterThan(0);
      await first.store.close();
      await rm(join(dir, "accounts.json"));
      const { warnings } = await openStore(dir);
      expect(await checkFolder(dir)).toMatchObject({ ok: true, running: true });
      expect((await readFile(join(dir, "accounts.json"))).length).toBeGreaterThan(0);
      expect(warnings).toEqual([]);
    });

    it("causes only a warning if a start cannot write it", async () => {
      const dir = await makeFolder();
      const files = createFaultyFiles(on, (call, file) =>
        call === "rename" && file === "accounts.json" ? systemError("ENOSPC") : undefined,
      );
      const { store, warnings } = await openStore(dir, { files });
      expect(warnings).toEqual(["accounts.json could not be written (ENOSPC)."]);
      expect(await store.ready()).toBe(true);
    });

    it("causes only a warning if it cannot be written", async () => {
      for (const call of ["rename", "write", "sync"]) {
        const { dir, fault, store, warnings, jane } = await openFaulty();
        fault.say = (made, file) =>
          made === call && file.startsWith("accounts.json") ? systemError("ENOSPC") : undefined;
        await store.close();
        expect(warnings, call).toEqual(["accounts.json could not be written (ENOSPC)."]);
        const again = await openStore(dir);
        expect(await again.store.ledger.balance(jane), call).toEqual({ tokens: 4000, held: 0 });
      }
    });

    it("is written at a start after a long replay, so that the next start is short", async () => {
      const { dir, store, jane } = await openFaulty();
      const grants = Array.from({ length: 5001 }, (_, index) =>
        store.ledger.grant({ id: `g${index}`, account: jane, tokens: 1, reason: "" }),
      );
      await Promise.all(grants);
      await store.close();
      await rm(join(dir, "accounts.json"));
      const again = await openStore(dir);
      const checkpoint = await readFile(join(dir, "accounts.json"), "utf8");
      expect(JSON.parse(checkpoint)).toMatchObject({ lines: 5003, accounts: [{ tokens: 9001 }] });
      expect(await again.store.ledger.balance(jane)).toEqual({ tokens: 9001, held: 0 });
    });
  });

  describe("a grant beyond the exact integers", () => {
    it("is refused alone", async () => {
      const { store, jane } = await openFaulty();
      const most = Number.MAX_SAFE_INTEGER - 4000;
      const [first, second, third] = await Promise.allSettled([
        store.ledger.grant({ id: "g1", account: jane, tokens: most, reason: "" }),
        store.ledger.grant({ id: "g2", account: jane, tokens: 1, reason: "" }),
        store.ledger.charge(await hold(store, jane)),
      ]);
      expect([first, second, third]).toMatchObject([
        { value: { kind: "granted" } },
        { value: { kind: "too_many" } },
        { value: { kind: "charged" } },
      ]);
    });
  });
});
