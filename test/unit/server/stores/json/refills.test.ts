import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RefillWish } from "../../../../../src/protocol/refill.ts";
import { createBooks } from "../../../../../src/server/stores/json/books.ts";
import { post } from "../../../../../src/server/stores/json/post.ts";
import type { Event, Line } from "../../../../../src/server/stores/json/facts.ts";
import { refute } from "../../../../../src/server/stores/json/refute.ts";
import { openJsonStore } from "../../../../../src/server/stores/json/store.ts";

let dir: string;
let time: number;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ai-chat-refills-"));
  time = Date.parse("2026-11-22T10:00:00Z");
  warnings = [];
});
afterEach(() => rm(dir, { recursive: true }));

let warnings: string[];
const open = () => openJsonStore({ dir, now: () => time, warn: (sentence) => warnings.push(sentence) });

async function lines(): Promise<Record<string, unknown>[]> {
  const text = await readFile(join(dir, "ledger.jsonl"), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("a folder without refills stays of version 1", async () => {
  const store = await open();
  await store.setRefill(undefined);
  await store.accounts.create({ name: "jane", passwordHash: "$2b$", tokens: 100 });
  await store.close();
  const [header, ...facts] = await lines();
  expect(header).toMatchObject({ version: 1 });
  expect(facts.map(({ fact }) => fact)).toEqual(["account"]);
});

test("a start without the refills of the folder says once that they are off, and what they were", async () => {
  let store = await open();
  await store.setRefill({ tokens: 1000, period: "day", cap: 4000 });
  warnings = [];
  const restart = async (setting?: RefillWish) => {
    await store.close();
    store = await open();
    await store.setRefill(setting);
  };
  await restart("stored");
  expect(warnings).toEqual([]);
  await restart();
  expect(warnings).toEqual([
    "This server gives no refills: --refill is not set, or off. Until now there were 1000/day, up to 4000. What was due and not paid by now is lost; set again, they count anew.",
  ]);
  await restart();
  expect(warnings).toHaveLength(1);
  await store.close();
});

test("settings that come while another is stored are stored in turn, each that differs once", async () => {
  const [daily, weekly] = [
    { tokens: 1000, period: "day", cap: 4000 },
    { tokens: 5000, period: "week", cap: 9000 },
  ] as const;
  const store = await open();
  await store.setRefill(daily);
  const wishes: RefillWish[] = [daily, weekly, weekly, "stored", daily, daily, undefined, undefined];
  warnings = [];
  await Promise.all(wishes.map((wish) => store.setRefill(wish)));
  const stored = (await lines()).filter(({ fact }) => fact === "refill");
  expect(stored.map(({ tokens }) => tokens)).toEqual([1000, 5000, 1000, null]);
  expect(warnings).toHaveLength(1);
  await store.close();
});

test("the ledger has the setting once, and each refill as a grant of the last period that it pays", async () => {
  const daily = { tokens: 1000, period: "day", cap: 2500 } as const;
  let store = await open();
  await store.setRefill(daily);
  const made = await store.accounts.create({ name: "jane", passwordHash: "$2b$", tokens: 100 });
  const { id } = (made as { account: { id: string } }).account;
  time = Date.parse("2026-11-24T10:00:00Z");
  await store.ledger.balance(id);
  await store.close();
  store = await open();
  await store.setRefill(daily);
  time = Date.parse("2026-12-01T10:00:00Z");
  await store.ledger.balance(id);
  time = Date.parse("2026-12-02T10:00:00Z");
  await store.ledger.balance(id);
  await store.close();
  const facts = (await lines()).filter(({ fact }) => fact === "refill" || fact === "grant");
  const fields = facts.map(({ n: _n, at: _at, crc: _crc, account: _account, name: _name, ...own }) => own);
  const grant = (period: string, tokens: number, balance: number) => ({
    fact: "grant",
    id: `refill:${period}`,
    tokens,
    reason: `refill ${period}`,
    by: null,
    balance,
  });
  expect(fields).toEqual([
    { fact: "refill", tokens: 1000, period: "day", cap: 2500 },
    grant("2026-11-24", 2000, 2100),
    grant("2026-12-01", 400, 2500),
    grant("2026-12-02", 0, 2500),
  ]);
});

test("a ledger in which a period was paid twice is refused, but an old grant with such an ID is a grant", () => {
  const books = createBooks();
  const line = (event: Event, balance: number): Line => ({
    n: books.n + 1,
    at: time,
    account: "j",
    name: "jane",
    balance,
    ...event,
  });
  const enter = (event: Event, balance: number) => {
    const fact = line(event, balance);
    expect(refute(books, fact)).toBeUndefined();
    post(books, fact, 0, time);
  };
  enter({ fact: "account", hash: "$2b$", generation: 1, tokens: 0 }, 0);
  enter({ fact: "grant", id: "refill:2026-12", tokens: 5, reason: "" }, 5);
  books.features.add("operator");
  const refill = (id: string): Event => ({ fact: "grant", id, tokens: 5, reason: "", by: null });
  enter(refill("refill:2026-11-20"), 10);
  for (const id of ["refill:2026-11-20", "refill:2026-11-19", "refill:2026-11"])
    expect(refute(books, line(refill(id), 15))).toBe("its period was paid already.");
  expect(refute(books, line(refill("refill:soon"), 15))).toBe("its id names no period.");
  enter(refill("refill:2026-W48"), 15);
});
