import { execFile } from "node:child_process";
import { appendFile, cp, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import type { FactReader, FactRow } from "../../../../../src/server/core/operations.ts";
import { StartupError } from "../../../../../src/server/core/startup-error.ts";
import { checkFolder } from "../../../../../src/server/stores/json/check.ts";
import { Damage } from "../../../../../src/server/stores/json/damage.ts";
import type { Line } from "../../../../../src/server/stores/json/facts.ts";
import { KeyError } from "../../../../../src/server/stores/json/key.ts";
import { factLine } from "../../../../../src/server/stores/json/line.ts";
import { acquireLock } from "../../../../../src/server/stores/json/lock.ts";
import { createJsonReader } from "../../../../../src/server/stores/json/read-facts.ts";
import { openFolder } from "../../../../../src/server/stores/json/read-in-folder.ts";
import { createMemoryFiles } from "./memory-files.ts";
import { contentOf, fillFolder, makeFolder, openStore, START } from "./place.ts";

const readerOf = async (dir: string, more: Parameters<typeof openFolder>[1] = {}) =>
  createJsonReader(await openFolder(dir, more), { interval: 1 });

async function rowsOf(reader: FactReader, asked: Parameters<FactReader["facts"]>[0]): Promise<FactRow[]> {
  const rows: FactRow[] = [];
  for await (const row of reader.facts(asked)) rows.push(row);
  return rows;
}

/** The id of an account of the ledger, the first by default. */
async function idIn(dir: string, at = 0): Promise<string> {
  const ids = [...(await readFile(join(dir, "ledger.jsonl"), "utf8")).matchAll(/"account":"([^"]+)"/g)];
  return [...new Set(ids.map(([, id = ""]) => id))][at] ?? "";
}

/** A closed folder with Jane's facts, between them some of John, and a key if one is named. */
async function makeFilled(more: Parameters<typeof fillFolder>[1] = {}): Promise<string> {
  const dir = await makeFolder();
  await fillFolder(dir, more);
  const { store } = await openStore(dir, { ...more, now: () => START + 86_400_000 });
  const made = await store.accounts.create({ name: "john", passwordHash: "x", tokens: 500 });
  const john = made.kind === "created" ? made.account.id : "";
  const jane = (await store.accounts.byName("jane"))?.id ?? "";
  await charge(store, john, 30);
  await charge(store, jane, 20);
  await store.close();
  return dir;
}

type Opened = Awaited<ReturnType<typeof openStore>>["store"];

let holds = 0;

async function charge({ ledger }: Opened, account: string, price: number): Promise<void> {
  const id = `charge-${(holds += 1)}`;
  await ledger.hold({ id, account, digest: "", price, model: "small", expires: START * 2 });
  await ledger.charge(id);
}

async function makeKey(): Promise<string> {
  const path = join(await makeFolder(), "key");
  await writeFile(path, Buffer.alloc(48, path), { mode: 0o600 });
  return path;
}

/** The facts of all accounts in this ledger and its use; or the damage that reading them finds. */
async function all(contents: Record<string, Buffer>, ids: readonly string[]) {
  const reader = await readerOf("/nowhere", { files: createMemoryFiles(contents) });
  const asked = [...ids.map(async (account) => rowsOf(reader, { account })), reader.use("2026-11-01")];
  const outcomes = asked.map((outcome) =>
    outcome.catch((error: unknown) => {
      if (error instanceof Damage) return error.finding;
      throw error;
    }),
  );
  return Promise.all(outcomes);
}

describe("the facts of an account", () => {
  it("come in their order, with what they added and who did it, and nothing is changed", async () => {
    const dir = await makeFilled();
    const before = await contentOf(dir);
    const reader = await readerOf(dir);
    const rows = await rowsOf(reader, { account: await idIn(dir) });
    const row = { at: START, tokens: 0, model: null, key: null, reason: null, by: null };
    expect(rows).toEqual([
      { ...row, n: 1, fact: "account", tokens: 4000, balance: 4000 },
      { ...row, n: 2, fact: "grant", tokens: 50, balance: 4050, reason: "Grüße\nund mehr" },
      { ...row, n: 3, fact: "charge", tokens: -100, balance: 3950 },
      { ...row, n: 4, fact: "charge", tokens: -100, balance: 3850 },
      { ...row, n: 5, fact: "again", balance: 3850 },
      { ...row, n: 6, fact: "password", balance: 3850 },
      { ...row, n: 7, fact: "revoked", balance: 3850 },
      { ...row, n: 8, fact: "disabled", balance: 3850 },
      { ...row, n: 11, at: START + 86_400_000, fact: "charge", tokens: -20, balance: 3830 },
    ]);
    expect(await rowsOf(reader, { account: await idIn(dir, 1) })).toMatchObject([{ n: 9 }, { n: 10 }]);
    expect(await rowsOf(reader, { account: "nobody" })).toEqual([]);
    expect(await contentOf(dir)).toEqual(before);
    await reader.close();
  });

  it("name the model in a ledger that has models", async () => {
    const dir = await makeFilled({ models: true });
    const rows = await rowsOf(await readerOf(dir), { account: await idIn(dir) });
    expect(rows.filter(({ fact }) => fact === "charge").map(({ model }) => model)).toEqual([
      "small",
      "small",
      "small",
    ]);
  });

  it("can be limited by time and number", async () => {
    const dir = await makeFilled();
    const reader = await readerOf(dir);
    const account = await idIn(dir);
    const numbers = async (more: object) => (await rowsOf(reader, { account, ...more })).map(({ n }) => n);
    expect(await numbers({ since: START + 1 })).toEqual([11]);
    expect(await numbers({ since: START + 86_400_000 })).toEqual([11]);
    expect(await numbers({ until: START + 86_400_000, after: 6 })).toEqual([7, 8]);
    expect(await numbers({ until: START })).toEqual([]);
  });

  it("show an operator's acts, and are summed under the name of today or the pseudonym", async () => {
    const dir = await makeFilled();
    const [jane, john] = [await idIn(dir), await idIn(dir, 1)];
    const { store } = await openStore(dir);
    const act = { reason: "a lost bet", by: "root" };
    const { ledger, operations } = store;
    await ledger.grant({ id: "june", account: jane, tokens: 5, reason: "June", by: "root" });
    await operations.take({ id: "t", account: jane, tokens: 9999, ...act });
    await operations.setPassword(jane, "$2b$three", act);
    await operations.setDisabled(jane, false, { reason: null, by: null });
    await operations.rename(jane, "janet", act);
    await operations.remove(john, { reason: null, by: "root" });
    await store.close();
    const reader = await readerOf(dir);
    const rows = await rowsOf(reader, { account: jane, after: 11 });
    expect(rows.map(({ fact, tokens, balance, reason, by }) => [fact, tokens, balance, reason, by])).toEqual([
      ["grant", 5, 3835, "June", "root"],
      ["take", -3835, 0, "a lost bet", "root"],
      ["password", 0, 0, "a lost bet", "root"],
      ["enabled", 0, 0, null, null],
      ["renamed", 0, 0, "a lost bet", "root"],
    ]);
    expect(await rowsOf(reader, { account: john, after: 11 })).toMatchObject([
      { fact: "deleted", tokens: 0, balance: 470, by: "root" },
    ]);
    const names = (await reader.use("2026-11-22")).map(({ account, tokens }) => [account, tokens]);
    expect(names).toEqual([
      ["janet", 200],
      [`deleted#${john}`, 30],
      ["janet", 20],
    ]);
  });

  it("are summed by account, day and model", async () => {
    const dir = await makeFilled();
    const reader = await readerOf(dir);
    const day = { account: "Jane", day: "2026-11-22", model: "unknown", questions: 2, tokens: 200 };
    const next = [
      { account: "john", day: "2026-11-23", model: "unknown", questions: 1, tokens: 30 },
      { account: "Jane", day: "2026-11-23", model: "unknown", questions: 1, tokens: 20 },
    ];
    expect(await reader.use("2026-11-22")).toEqual([day, ...next]);
    expect(await reader.use("2026-11-23")).toEqual(next);
    expect(await reader.use("2026-11-24")).toEqual([]);
  });
});

describe("a damaged ledger", () => {
  it("is reported as a check does, whichever line was changed and whatever is asked", async () => {
    const dir = await makeFilled({ models: true });
    const [jane, john] = [await idIn(dir), await idIn(dir, 1)];
    const ledger = await readFile(join(dir, "ledger.jsonl"));
    const sound = await all({ "ledger.jsonl": ledger }, [jane, john]);
    let [tried, found] = [0, 0];
    // Some bytes of each line, at all places within it, and the newlines.
    for (
      let at = 0;
      at < ledger.length;
      at = Math.min(at + 29, ledger.indexOf(10, at) === at ? at + 1 : ledger.indexOf(10, at))
    ) {
      tried += 1;
      const bytes = Buffer.from(ledger);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      const contents = { "ledger.jsonl": bytes };
      const { findings } = await checkFolder("/nowhere", {
        files: { ...createMemoryFiles(contents), list: async () => [] },
        now: () => START,
      });
      const [finding] = findings;
      const read = await all(contents, [jane, john]);
      // Nothing is found without the newline at the end: the last line is a torn write.
      const expected = finding ? [finding, finding, finding] : [read[0], sound[1], read[2]];
      expect(read, String(at)).toEqual(expected);
      found += findings.length;
    }
    expect(found).toBe(tried - 1);
  });

  it("gives the facts of its whole lines, wherever its last write ended", async () => {
    const dir = await makeFilled();
    const ids = [await idIn(dir), await idIn(dir, 1)];
    const ledger = await readFile(join(dir, "ledger.jsonl"));
    const first = ledger.indexOf(10) + 1;
    const near = (length: number) => ledger.subarray(length - 2, length + 2).includes(10);
    for (let length = first; length <= ledger.length; length += near(length + 1) ? 1 : 7) {
      const cut = ledger.subarray(0, length);
      // A last line that lacks only its newline counts, as at a start.
      const whole = ledger.subarray(length, length + 1).equals(Buffer.from("\n")) ? 1 : 0;
      const lines = cut.toString("latin1").split("\n").length - 1 + whole;
      const read = (await all({ "ledger.jsonl": cut }, ids)).slice(0, 2).flat();
      expect(read, String(length)).toHaveLength(lines - 1);
    }
  });

  it("is refused where it is missing, and where there never was one", async () => {
    const dir = await makeFilled();
    const account = await idIn(dir);
    await rm(join(dir, "ledger.jsonl"));
    await expect(rowsOf(await readerOf(dir), { account })).rejects.toThrow(Damage);
    await expect((await readerOf(await makeFolder())).use("2026-11-01")).rejects.toThrow(/no store/);
    await expect((await readerOf(join(dir, "nowhere"))).use("2026-11-01")).rejects.toThrow(/no store/);
  });
});

describe("a ledger with a key", () => {
  it("is read with its key only", async () => {
    const ledgerKey = await makeKey();
    const dir = await makeFilled({ ledgerKey });
    const account = await idIn(dir);
    const tried = async (more: object) => rowsOf(await readerOf(dir, more), { account });
    expect(await tried({ ledgerKey })).toHaveLength(9);
    await expect(tried({})).rejects.toThrow(KeyError);
    await expect(tried({ ledgerKey: await makeKey() })).rejects.toThrow(KeyError);
    const { store } = await openStore(dir, { ledgerKey });
    await charge(store, account, 1);
    expect(await tried({ ledgerKey })).toHaveLength(10);
    await expect(tried({})).rejects.toThrow(KeyError);
    await expect(tried({ ledgerKey: await makeKey() })).rejects.toThrow(KeyError);
  });

  it("is not taken for one without, nor one without for one with a key", async () => {
    const [dir, ledgerKey] = [await makeFilled(), await makeKey()];
    await expect((await readerOf(dir, { ledgerKey })).use("2026-11-01")).rejects.toThrow(/has no key/);
  });

  it("shows a line that was changed before the key was named", async () => {
    const ledgerKey = await makeKey();
    const dir = await makeFilled();
    await (await openStore(dir, { ledgerKey })).store.close();
    const path = join(dir, "ledger.jsonl");
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    const named = lines.findIndex((line) => line.includes('"feature":"key"'));
    // With checksums that fit, as anybody can compute them.
    const { resealed } = await import("../../../../../src/server/stores/json/line.ts");
    let head: number | string = Number.parseInt(lines[0]?.slice(-10, -2) ?? "", 16);
    const changed = lines.slice(1, named + 1).map((line) => {
      const next = resealed(Buffer.from(line.replace('"tokens":4000', '"tokens":4001')), head);
      head = next.head;
      return next.bytes.toString();
    });
    await writeFile(path, `${[lines[0], ...changed, ...lines.slice(named + 1)].join("\n")}\n`);
    await rm(join(dir, "accounts.json"));
    const reader = await readerOf(dir, { ledgerKey });
    await expect(reader.use("2026-11-01")).rejects.toThrow(/changed by somebody without the key/);
  });
});

describe("beside a process that holds the folder", () => {
  it("what it has not made durable yet is not read", async () => {
    const dir = await makeFilled();
    const account = await idIn(dir);
    const { store } = await openStore(dir);
    await charge(store, account, 1);
    const ledger = await readFile(join(dir, "ledger.jsonl"), "utf8");
    const crc = Number.parseInt(ledger.slice(-11, -3), 16);
    const fact = {
      n: 13,
      at: START,
      fact: "disabled",
      account,
      name: "Jane",
      disabled: false,
      balance: 3829,
    };
    await appendFile(join(dir, "ledger.jsonl"), `${factLine(fact as Line, crc).text}\n{"n":14`);
    const reader = await readerOf(dir);
    expect((await rowsOf(reader, { account })).at(-1)).toMatchObject({ n: 12, balance: 3829 });
    await truncate(join(dir, "ledger.jsonl"), ledger.length);
    await store.close();
  });

  it("as many bytes are read as it says, also if there are more by now", async () => {
    const dir = await makeFilled();
    const account = await idIn(dir);
    const ledger = await readFile(join(dir, "ledger.jsonl"), "latin1");
    const ends = [...ledger.matchAll(/\n/g)].map(({ index }) => index + 1);
    const lock = await acquireLock(dir);
    onTestFinished(() => lock.release());
    const state = { bytes: 0 };
    lock.serve(async () => ({ durable: state }));
    const reader = await readerOf(dir);
    for (const [at, bytes] of ends.entries()) {
      state.bytes = bytes;
      expect(await rowsOf(reader, { account }), String(at)).toHaveLength(at < 9 ? at : at < 11 ? 8 : 9);
    }
  });

  it("an older one is said to be of another version", async () => {
    const dir = await makeFilled();
    const lock = await acquireLock(dir);
    onTestFinished(() => lock.release());
    lock.serve(async () => ({ error: { code: "other", detail: "It does not know this request." } }));
    await expect((await readerOf(dir)).use("2026-11-01")).rejects.toThrow(
      "The server that runs on the folder could not do this. It does not know this request.",
    );
  });

  it("one that holds it for a moment is waited for", async () => {
    const dir = await makeFilled();
    const lock = await acquireLock(dir);
    const used = (await readerOf(dir)).use("2026-11-01");
    await lock.release();
    expect(await used).toHaveLength(3);
  });

  it("that was killed, what is whole is read, and an incomplete write is left as it is", async () => {
    const dir = await makeFilled();
    const account = await idIn(dir);
    await appendFile(join(dir, "ledger.jsonl"), '{"n":12,"at"');
    const holder = `require("net").createServer().listen("lock.9", () => process.kill(process.pid, "SIGKILL"))`;
    const killed = promisify(execFile)(process.execPath, ["-e", holder], { cwd: dir });
    await expect(killed).rejects.toMatchObject({ signal: "SIGKILL" });
    const before = await contentOf(dir);
    expect(await rowsOf(await readerOf(dir), { account })).toHaveLength(9);
    expect(await contentOf(dir)).toEqual(before);
  });
});

/** Follows an account, and waits for so many of its facts. */
async function follow(dir: string, more: { account: string; after?: number }) {
  const stop = new AbortController();
  const rows = (await readerOf(dir)).facts({ ...more, follow: stop.signal })[Symbol.asyncIterator]();
  onTestFinished(async () => {
    stop.abort();
    await rows.return?.();
  });
  const next = async (count: number): Promise<number[]> => {
    const numbers: number[] = [];
    while (numbers.length < count) numbers.push((await rows.next()).value?.n ?? 0);
    return numbers;
  };
  return { next, stop, rows };
}

describe("facts that are followed", () => {
  it("come as they become durable, also from a server that started later", async () => {
    const dir = await makeFilled();
    const account = await idIn(dir);
    const { next, stop, rows } = await follow(dir, { account, after: 8 });
    expect(await next(1)).toEqual([11]);
    for (const n of [12, 13]) {
      const waiting = next(1);
      const { store } = await openStore(dir);
      await charge(store, account, 1);
      expect(await waiting).toEqual([n]);
      await store.close();
    }
    const last = rows.next();
    stop.abort();
    expect(await last).toEqual({ done: true, value: undefined });
  });

  it("come once each when the ledger is written anew", async () => {
    const dir = await makeFilled();
    const account = await idIn(dir);
    const { next } = await follow(dir, { account });
    expect(await next(9)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 11]);
    const { store } = await openStore(dir);
    const waiting = next(2);
    await charge(store, account, 1);
    await store.invites.create([
      { id: "0123456789", digest: "a".repeat(64), tokens: null, uses: 1, expires: START * 2 },
    ]);
    await charge(store, account, 1);
    // Between both are the lines that name the features, and the invitation.
    expect(await waiting).toEqual([12, 16]);
    await store.close();
  });

  it("come after an incomplete write that the next start removed", async () => {
    const dir = await makeFilled();
    const account = await idIn(dir);
    await appendFile(join(dir, "ledger.jsonl"), '{"n":12,"at"');
    const { next } = await follow(dir, { account, after: 8 });
    expect(await next(1)).toEqual([11]);
    const { store } = await openStore(dir);
    await charge(store, account, 1);
    expect(await next(1)).toEqual([12]);
    await store.close();
  });

  it("end with words if another ledger takes the place", async () => {
    const [dir, other] = [await makeFilled(), await makeFilled()];
    const { next } = await follow(dir, { account: await idIn(dir), after: 8 });
    expect(await next(1)).toEqual([11]);
    const ended = next(1).catch((error: unknown) => error);
    await cp(join(other, "ledger.jsonl"), join(dir, "other"));
    await rename(join(dir, "other"), join(dir, "ledger.jsonl"));
    expect(await ended).toBeInstanceOf(StartupError);
    expect(await ended).toMatchObject({ message: expect.stringContaining("was replaced by another ledger") });
  });
});
