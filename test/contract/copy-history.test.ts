import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { array, assert, asyncProperty, constantFrom, nat, record } from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { AccountRow, Act, FactRow, UseRow } from "../../src/server/core/operations.ts";
import type { Account } from "../../src/server/core/ports.ts";
import type { Store } from "../../src/server/core/store.ts";
import { sha256 } from "../../src/server/core/sha256.ts";
import type { RefillSetting } from "../../src/protocol/refill.ts";
import { openReader, type StorePlace } from "../../src/server/local.ts";
import { copyStore } from "../../src/server/stores/copy.ts";
import { checkFolder } from "../../src/server/stores/json/check.ts";
import { compactFolder } from "../../src/server/stores/json/compact.ts";
import { openJsonStore } from "../../src/server/stores/json/store.ts";
import { checkDatabase } from "../../src/server/stores/postgres/check.ts";
import { question } from "../support/postgres-store.ts";
import { openPlaces } from "../support/postgres-places.ts";
import { noPostgres, type Place, skipped } from "../support/postgres.ts";

const NAMES = ["Jane", "john", "jim"];

const step = record({
  what: constantFrom(
    ...(["ask", "ask", "ask", "twice", "grant", "take", "disable", "enable", "password"] as const),
    ...(["reset", "rename", "logout", "delete", "register", "refill", "wait", "wait"] as const),
    ...(["key", "spend", "spend", "revoke"] as const),
  ),
  who: nat(2),
  tokens: nat(400),
  act: record({ reason: constantFrom(null, "exam", "=1+1"), by: constantFrom(null, "ops") }),
});
type Step = ReturnType<typeof step.generate>["value"];

const DAY = 86_400_000;

const REFILLS: (RefillSetting | undefined)[] = [
  { tokens: 100, period: "day", cap: 600 },
  { tokens: 50, period: "day", cap: 0 },
  { tokens: 70, period: "week", cap: null },
  { tokens: 300, period: "month", cap: 1000 },
  undefined,
];

/** A clock that stands still. */
interface Clock {
  time: number;
}

/** Does the steps; those that are not possible do nothing. Returns all accounts that ever were. */
async function play(store: Store, steps: Step[], clock: Clock): Promise<Account[]> {
  const all: Account[] = [];
  const now: (Account | undefined)[] = [undefined, undefined, undefined];
  async function register(who: number): Promise<void> {
    const made = await store.accounts.create({ name: NAMES[who]!, passwordHash: "$2b$old", tokens: 500 });
    if (made.kind !== "created") return;
    now[who] = made.account;
    all.push(made.account);
  }
  async function ask(
    account: Account,
    key: string | undefined,
    price: number,
    apiKey?: string,
  ): Promise<void> {
    const request = question(account, { key, price, apiKey });
    const { kind } = await store.ledger.hold(request);
    if (kind === "held" || kind === "paid") await store.ledger.charge(request.id);
  }
  for (const who of NAMES.keys()) await register(who);
  for (const [index, { what, who, tokens, act }] of steps.entries()) {
    if (what === "register") await register(who);
    if (what === "refill") await store.setRefill(REFILLS[tokens % REFILLS.length]);
    if (what === "wait") clock.time += ((tokens % 40) * DAY) / 8;
    const account = now[who];
    if (!account) continue;
    const { id } = account;
    const given = { id: `id${tokens % 5}`, account: id, tokens: tokens + 1 };
    const acts: Partial<Record<Step["what"], () => Promise<unknown>>> = {
      ask: () => ask(account, undefined, tokens),
      twice: () => ask(account, `key${tokens % 2}`, 10),
      grant: () => store.ledger.grant({ ...given, reason: act.reason ?? "", by: act.by ?? undefined }),
      take: () => store.operations.take({ ...given, ...act }),
      disable: () => store.operations.setDisabled(id, true, act),
      enable: () => store.operations.setDisabled(id, false, act),
      password: async () => {
        const { generation = 0 } = (await store.accounts.session(id, ""))?.account ?? {};
        return store.accounts.setPassword({ account: id, generation, passwordHash: `$2b$own${index}` });
      },
      reset: () => store.operations.setPassword(id, `$2b$reset${index}`, act),
      rename: () => store.operations.rename(id, `${NAMES[who]}${index}`, act),
      logout: () =>
        store.accounts.revoke({ account: id, jti: `jti${index}`, expires: Date.now() + 3_600_000 }),
      key: () =>
        store.apiKeys!.create({
          id: `key ${index}`,
          account: id,
          name: `key${tokens % 3}`,
          digest: sha256(`digest ${index}`),
          limit: tokens % 2 ? { tokens: 300, per: "week" } : null,
          expires: null,
        }),
      spend: async () => {
        const [key] = await store.apiKeys!.list(id);
        await ask(account, tokens % 2 ? "key2" : undefined, 20, key?.id);
      },
      revoke: async () => store.apiKeys!.revoke(id, (await store.apiKeys!.list(id))[0]?.id ?? ""),
      delete: async () => {
        await store.operations.remove(id, act);
        now[who] = undefined;
      },
    };
    await acts[what]?.();
  }
  return all;
}

/**
 * Without what a copy says otherwise: an API key that a password ended has a row of its own, and a deleted account no API
 * keys.
 */
function withoutEnded(rows: Omit<FactRow, "n">[]): Omit<FactRow, "n">[] {
  const isDeleted = rows.some(({ fact }) => fact === "deleted");
  return rows
    .filter(({ fact }) => fact !== "api_key_ended" && !(isDeleted && fact === "api_key"))
    .map((row) => (isDeleted ? { ...row, key: null } : row));
}

/** All that an operator can read of a store, without numbers, which are the store's own. */
async function books(place: StorePlace, accounts: Account[]) {
  const opening = { warn: () => {}, signal: new AbortController().signal };
  const reader = await openReader(place, opening);
  const ledgers: Omit<FactRow, "n">[][] = [];
  for (const { id } of accounts) {
    const rows: Omit<FactRow, "n">[] = [];
    let last = Number.NEGATIVE_INFINITY;
    for await (const { n, ...row } of reader.facts({ account: id })) {
      expect(n).toBeGreaterThan(last);
      last = n;
      rows.push(row);
    }
    ledgers.push(withoutEnded(rows));
  }
  const key = ({ account, day, model }: UseRow) => `${account} ${day} ${model}`;
  const use = (await reader.use("2020-01-01")).sort((one, other) => (key(one) < key(other) ? -1 : 1));
  await reader.close();
  return { ledgers, use };
}

describe.skipIf(noPostgres)(`a copy of a history${skipped(noPostgres)}`, () => {
  const places = openPlaces();
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ai-chat-history-"));
    places.closers.push(() => rm(folder, { recursive: true }));
  });

  const warn = () => {};

  async function listed(dir: string, clock: Clock): Promise<AccountRow[]> {
    const store = await openJsonStore({ dir, warn, models: true, now: () => clock.time });
    const rows: AccountRow[] = [];
    for await (const page of store.operations.accounts()) rows.push(...page);
    await store.close();
    return rows.sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  /** Copies it into a database, from there into another, and back; checks that all are the same. */
  async function copies(steps: Step[], dir: string, one: Place, other: Place): Promise<void> {
    const [first, second, third] = [join(dir, "first"), join(dir, "second"), join(dir, "third")];
    const clock = { time: Date.now() - 80 * DAY };
    const store = await openJsonStore({ dir: first, warn, models: true, now: () => clock.time });
    const accounts = await play(store, steps, clock);
    const secrets = await Promise.all(accounts.map(({ id }) => store.accounts.session(id, "")));
    await store.close();
    const before = await books({ kind: "json", dir: first }, accounts);
    clock.time += 40 * DAY;
    const rows = await listed(first, clock);

    await copyStore({ from: first, to: one.url, warn });
    expect(await checkDatabase(one.url, { warn })).toMatchObject({ findings: [] });
    expect(await books({ kind: "postgres", url: one.url }, accounts)).toEqual(before);
    await copyStore({ from: one.url, to: other.url, warn });
    expect(await checkDatabase(other.url, { warn })).toMatchObject({ findings: [] });
    expect(await books({ kind: "postgres", url: other.url }, accounts)).toEqual(before);
    await copyStore({ from: other.url, to: second, warn });
    await copyStore({ from: first, to: third, warn });
    for (const copy of [second, third]) {
      expect(await books({ kind: "json", dir: copy }, accounts)).toEqual(before);
      expect(await checkFolder(copy)).toMatchObject({ findings: [] });
      expect(await listed(copy, clock)).toEqual(rows);
      const opened = await openJsonStore({ dir: copy, warn, models: true });
      expect(await Promise.all(accounts.map(({ id }) => opened.accounts.session(id, "")))).toEqual(secrets);
      await opened.close();
      const text = await readFile(join(copy, "ledger.jsonl"), "utf8");
      const kept = new Set(rows.map(({ username }) => username));
      for (const [, name] of text.matchAll(/"name":"([^"]*)"/g))
        expect(kept.has(name!) || name!.startsWith("deleted#")).toBe(true);
    }
  }

  it("has equal ledgers of every account, balances and reports, into Postgres, on and back", async () => {
    let run = 0;
    await assert(
      asyncProperty(array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        const [one, two] = [await places.cluster.place(), await places.cluster.place()];
        try {
          await copies(steps, join(folder, String((run += 1))), one, two);
        } finally {
          await one.drop();
          await two.drop();
        }
      }),
      { numRuns: 8, interruptAfterTimeLimit: 100_000 },
    );
  }, 300_000);

  /** Compacts it, copies it into a database and back; checks that balances, use and keys are the same. */
  async function carries(steps: Step[], dir: string, { url }: Place): Promise<void> {
    const [first, second] = [join(dir, "first"), join(dir, "second")];
    const clock = { time: Date.now() - 80 * DAY };
    const store = await openJsonStore({ dir: first, warn, models: true, now: () => clock.time });
    const accounts = await play(store, steps, clock);
    const usage = (of: Store) => Promise.all(accounts.map(({ id }) => of.ledger.usage(id, 90)));
    const before = await usage(store);
    await store.close();
    const { use } = await books({ kind: "json", dir: first }, accounts);
    const { time } = clock;
    clock.time += 40 * DAY;
    const rows = await listed(first, clock);
    await compactFolder(first, { now: time, warn });
    expect(await listed(first, clock)).toEqual(rows);
    await copyStore({ from: first, to: url, now: time, warn });
    expect(await checkDatabase(url, { warn })).toMatchObject({ findings: [] });
    expect((await books({ kind: "postgres", url }, accounts)).use).toEqual(use);
    await copyStore({ from: url, to: second, now: time, warn });
    expect((await books({ kind: "json", dir: second }, accounts)).use).toEqual(use);
    expect(await checkFolder(second)).toMatchObject({ findings: [] });
    expect(await listed(second, clock)).toEqual(rows);
    const again = await openJsonStore({ dir: second, warn, models: true, now: () => time });
    expect(await usage(again)).toEqual(before);
    await again.close();
  }

  it("of a compacted ledger has equal balances and reports, into Postgres and back", async () => {
    let run = 0;
    await assert(
      asyncProperty(array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        const place = await places.cluster.place();
        try {
          await carries(steps, join(folder, `compacted-${(run += 1)}`), place);
        } finally {
          await place.drop();
        }
      }),
      { numRuns: 4, interruptAfterTimeLimit: 60_000 },
    );
  }, 300_000);

  it("writes no former name and no hash of a deleted account into a folder", async () => {
    const dir = join(folder, "first");
    const store = await openJsonStore({ dir, warn, models: true });
    const made = await store.accounts.create({ name: "Secretname", passwordHash: "$2b$secret", tokens: 9 });
    if (made.kind !== "created") throw new Error(made.kind);
    const act: Act = { reason: null, by: null };
    await store.accounts.remember(made.account.id, "home");
    await store.operations.setPassword(made.account.id, "$2b$secret2", act);
    await store.operations.rename(made.account.id, "Secretname2", act);
    await store.operations.remove(made.account.id, act);
    await store.close();
    await copyStore({ from: dir, to: places.place.url, warn });
    await copyStore({ from: places.place.url, to: join(folder, "back"), warn });
    await copyStore({ from: dir, to: join(folder, "other"), warn });
    for (const copy of ["back", "other"]) {
      const text = await readFile(join(folder, copy, "ledger.jsonl"), "utf8");
      expect(text).toContain(`"name":"deleted#${made.account.id}"`);
      expect(text).not.toMatch(/secret/i);
    }
    const texts = await places.place.query("SELECT a::text, l::text FROM chat_accounts a, chat_ledger l");
    expect(JSON.stringify(texts)).not.toMatch(/secret/i);
    expect(await places.place.query("SELECT account FROM chat_known")).toEqual([]);
  });
});
