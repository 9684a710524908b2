import { describe, expect, it, test } from "vitest";
import { Damage } from "../../../../../src/server/stores/json/damage.ts";
import type { Event, Fact, Line, Notice } from "../../../../../src/server/stores/json/facts.ts";
import { factLine, headerLine } from "../../../../../src/server/stores/json/line.ts";
import { load } from "../../../../../src/server/stores/json/load.ts";
import { createMemoryFiles } from "./memory-files.ts";
import { START } from "./place.ts";

const about = { at: START, account: "a1", name: "jane" };
const account: Fact = {
  ...about,
  fact: "account",
  n: 1,
  hash: "$2b$",
  generation: 1,
  tokens: 300,
  balance: 300,
};
const charge: Fact = { ...about, fact: "charge", n: 2, id: "h1", tokens: -100, balance: 200 };

/** What a start finds in a ledger of these facts, whose lines have the right checksums. */
const found = (...facts: Line[]) => foundIn(1, facts);

function foundIn(version: 1 | 2, facts: Line[]): Promise<unknown> {
  const header = headerLine({ version, ledger: "l1", at: START });
  let { head } = header;
  const lines = facts.map((fact) => {
    const line = factLine(fact, head);
    ({ head } = line);
    return line.text;
  });
  const ledger = Buffer.from(`${[header.text, ...lines].join("\n")}\n`);
  return load(createMemoryFiles({ "ledger.jsonl": ledger }), "", START).catch((error: unknown) => error);
}

test("a ledger whose facts follow one another is taken", async () => {
  expect(await found(account, charge)).toMatchObject({ books: { n: 2 } });
});

const others = { at: START, account: "a2", name: "john" };

test.each<[what: string, fact: Fact]>([
  ["a number too many", { ...charge, n: 3 }],
  ["the number of the fact before", { ...charge, n: 1 }],
  ["another balance", { ...charge, balance: 300 }],
  ["an account that was never created", { ...charge, ...others, balance: -100 + 300 }],
  ["another name of its account", { ...charge, name: "john" }],
  ["an account that exists", { ...account, n: 2 }],
  [
    "a generation that does not follow",
    { ...about, fact: "password", n: 2, hash: "$2b$", generation: 3, balance: 300 },
  ],
])("a whole line with %s is refused", async (_what, fact) => {
  const damage = await found(account, fact);
  expect(damage).toBeInstanceOf(Damage);
  expect(damage).toMatchObject({ finding: { file: "ledger.jsonl", line: 3 } });
});

test("a second grant with the ID of the first is refused", async () => {
  const grant: Fact = { ...about, fact: "grant", n: 2, id: "g1", tokens: 50, reason: "", balance: 350 };
  expect(await found(account, grant)).toMatchObject({ books: { n: 2 } });
  expect(await found(account, grant, { ...grant, n: 3, balance: 400 })).toBeInstanceOf(Damage);
});

describe("in a ledger with the feature operator", () => {
  const act = { reason: null, by: "ops" };
  const hash = "$2b$";

  /** A ledger of the feature, jane with 300 tokens, john, and these, each with the name and the balance of its account. */
  async function after(
    events: ((Event & { who?: "jane" | "john"; name?: string; balance?: number }) | Notice)[],
    features = true,
  ): Promise<unknown> {
    const lines: Line[] = [];
    const add = (line: object) => lines.push({ n: lines.length + 1, at: START, ...line } as Line);
    if (features) add({ fact: "feature", feature: "operator" });
    const tokens = { jane: 300, john: 0 };
    for (const name of ["jane", "john"] as const)
      add({
        account: `of ${name}`,
        name,
        fact: "account",
        hash,
        generation: 1,
        tokens: tokens[name],
        balance: tokens[name],
      });
    for (const event of events) {
      if (event.fact === "refill") add(event);
      else {
        const { who = "jane", ...fields } = event as { who?: "jane" | "john"; tokens?: number };
        tokens[who] += fields.tokens ?? 0;
        add({ account: `of ${who}`, name: who, balance: tokens[who], ...fields });
      }
    }
    return foundIn(2, lines);
  }

  const grant = { fact: "grant", id: "june", tokens: 5, reason: "" } as const;
  const take = { fact: "take", id: "june", tokens: -5, asked: 10, ...act } as const;
  const disabled = { fact: "disabled", disabled: true } as const;
  const password = { fact: "password", hash, generation: 2 } as const;
  const renamed = { fact: "renamed", name: "joan", from: "jane", ...act } as const;
  const deleted = { fact: "deleted", name: "deleted#of jane", ...act } as const;
  const charge = { fact: "charge", id: "h1", tokens: -100, name: "deleted#of jane" } as const;
  const again = { fact: "again", id: "h2", tokens: 0, key: "k", digest: "d".repeat(64) } as const;
  const refill = { fact: "refill", tokens: 100, period: "day", cap: null } as const;
  type Events = Parameters<typeof after>[0];

  it.each<[what: string, events: Events]>([
    ["grants of one id", [grant, { ...grant, who: "john" }]],
    [
      "a grant by somebody",
      [
        { ...grant, by: "ops" },
        { ...grant, who: "john", by: null },
      ],
    ],
    ["a grant of nothing", [{ ...grant, tokens: 0, by: null }]],
    ["takes", [take, { ...take, id: "july", tokens: 0, asked: 1 }]],
    [
      "acts with a reason",
      [
        { ...disabled, ...act },
        { ...password, ...act },
      ],
    ],
    ["a new name, which is then used", [renamed, { ...disabled, name: "joan" }]],
    ["a new name of another case", [{ ...renamed, name: "Jane" }]],
    ["names that change places", [renamed, { ...renamed, who: "john", name: "Jane", from: "john" }]],
    ["a deletion, and what was under way", [deleted, charge, { ...again, name: deleted.name }]],
    ["the name of a deleted account", [deleted, { ...renamed, who: "john", name: "jane", from: "john" }]],
    ["refills", [refill, { ...refill, tokens: null, cap: 5 }]],
  ])("%s can follow", async (_what, events) => {
    expect(await after(events)).toMatchObject({ books: { n: 3 + events.length } });
  });

  it.each<[why: string, events: Events]>([
    ["its grant was made already", [grant, grant]],
    ["its take was made already", [grant, take]],
    ["its grant was made already", [take, grant]],
    ["it takes more than was asked for", [{ ...take, asked: 4 }]],
    ["its field tokens is not what it should be", [{ ...take, tokens: 5 }]],
    ["its field balance is not what it should be", [{ ...take, tokens: -301, asked: 400 }]],
    ["its balance is 300, where 295 follows", [{ ...take, balance: 300 }]],
    ["a field is missing", [{ fact: "take", id: "june", tokens: -5, ...act } as unknown as Event]],
    ["its generation does not follow", [{ ...password, ...act, generation: 3 }]],
    ["another account has its name", [{ ...renamed, name: "JOHN" }]],
    ["its account has another name", [{ ...renamed, from: "joan", name: "jill" }]],
    ["its account has another name", [renamed, disabled]],
    ["its account has another name", [{ ...deleted, name: "jane" }]],
    ["its account has another name", [{ ...deleted, name: "deleted#of john" }]],
    ["its account has another name", [deleted, { ...charge, name: "jane" }]],
    ["its account was deleted", [deleted, { ...deleted }]],
    ["its account was deleted", [deleted, { ...grant, name: deleted.name }]],
    ["its account was deleted", [deleted, { ...take, name: deleted.name }]],
    ["its account was deleted", [deleted, { ...disabled, name: deleted.name }]],
    ["its account was deleted", [deleted, { ...password, generation: 3, name: deleted.name }]],
    ["its account was deleted", [deleted, { ...renamed, from: deleted.name }]],
    ["its field period is not what it should be", [{ ...refill, period: "year" as "day" }]],
    ["its field cap is not what it should be", [{ ...refill, cap: -1 }]],
  ])("a line is refused because %s: %j", async (why, events) => {
    const damage = await after(events);
    expect(damage).toBeInstanceOf(Damage);
    expect(damage).toMatchObject({
      finding: {
        line: 4 + events.length,
        what: expect.stringContaining(`its checksum is right, but ${why}`),
      },
    });
  });

  it.each<[events: Events]>([
    [[{ ...grant, by: null }]],
    [[take]],
    [[{ ...disabled, ...act }]],
    [[{ ...password, ...act }]],
    [[renamed]],
    [[deleted]],
    [[refill]],
    [[grant, { ...grant, who: "john" }]],
  ])("and only there, %j can follow", async (events) => {
    expect(await after(events)).toMatchObject({ books: { version: 2 } });
    expect(await after(events, false)).toBeInstanceOf(Damage);
  });
});
