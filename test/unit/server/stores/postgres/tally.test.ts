import { expect, test } from "vitest";
import { createAccounts } from "../../../../../src/server/stores/postgres/accounts.ts";
import { unavailable, type Database } from "../../../../../src/server/stores/postgres/database.ts";
import { give } from "../../../../../src/server/stores/postgres/grants.ts";
import { overloaded } from "../../../../../src/server/stores/postgres/lanes.ts";
import { createTally } from "../../../../../src/server/stores/postgres/tally.ts";
import { recordMeter } from "../../../../support/recorded-meter.ts";

const HOUR = 60 * 60 * 1000;
const grant = { kind: "grant", id: "jane g" } as const;
const lost = unavailable(new Error("lost"));

/** A tally, and the rows of the ledger that it finds. */
function open() {
  const meter = recordMeter();
  const database = {
    down: false,
    found: [] as { kind: string; id: string; tokens: string }[],
    looks: 0,
    now: 0,
  };
  const run = (async (_sql: string, [kinds, ids]: [string[], string[]]) => {
    if (database.down) throw lost;
    database.looks += 1;
    const asked = new Set(ids.map((id, index) => `${kinds[index]} ${id}`));
    const rows = database.found.filter(({ kind, id }) => asked.has(`${kind} ${id}`));
    return { rows, conflict: false, repeated: false };
  }) as unknown as Database["run"];
  return { meter, database, tally: createTally({ run }, meter, () => database.now) };
}

test("a row in doubt is counted when it is found, once, whoever says later that it was added", async () => {
  const { meter, database, tally } = open();
  tally.doubt(grant, lost);
  database.down = true;
  await expect(tally.look()).rejects.toBe(lost);
  database.down = false;
  await tally.look();
  expect(meter.grantedTokens).toBe(0);
  database.found = [{ ...grant, tokens: "50" }];
  await tally.look();
  await tally.look();
  tally.added(grant, 50);
  tally.doubt(grant, lost);
  await tally.look();
  expect(meter.grantedTokens).toBe(50);
});

test("a row that another call has counted is in doubt no more", async () => {
  const { meter, database, tally } = open();
  tally.doubt(grant, lost);
  database.found = [{ ...grant, tokens: "50" }];
  const looking = tally.look();
  tally.added(grant, 50);
  await looking;
  await tally.look();
  expect(meter.grantedTokens).toBe(50);
});

test("what was not sent is not in doubt, and what is not found for an hour is not there", async () => {
  const { database, tally } = open();
  tally.doubt(grant, overloaded());
  await tally.look();
  expect(database.looks).toBe(0);
  tally.doubt(grant, lost);
  database.now = HOUR - 1;
  await tally.look();
  expect(database.looks).toBe(1);
  database.now = HOUR;
  await tally.look();
  await tally.look();
  expect(database.looks).toBe(2);
});

test("a registration and a grant are not refused as undone if the look after a lost response finds no connection", async () => {
  let statements = 0;
  const run: Database["run"] = async () => {
    statements += 1;
    if (statements % 2 === 0) throw overloaded();
    return { rows: [], conflict: false, repeated: true };
  };
  const unsure = expect.objectContaining({ code: "store_unavailable" }) as unknown;
  const made = createAccounts({ run }).create({ name: "jane", passwordHash: "x", tokens: 1 });
  await expect(made).rejects.toEqual(unsure);
  const asked = { id: "g", account: "jane", tokens: 50, reason: null, by: null };
  await expect(give({ run }, "grant", asked)).rejects.toEqual(unsure);
});
