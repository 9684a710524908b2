import { expect, test } from "vitest";
import { Damage } from "../../../../../src/server/stores/json/damage.ts";
import type { Fact } from "../../../../../src/server/stores/json/facts.ts";
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
function found(...facts: Fact[]): Promise<unknown> {
  const header = headerLine({ version: 1, ledger: "l1", at: START });
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
