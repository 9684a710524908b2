import { randomUUID } from "node:crypto";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { ApiError } from "../../src/server/core/api-error.ts";
import type { AccountId, HoldId } from "../../src/server/core/ports.ts";
import type { Store } from "../../src/server/core/store.ts";
import type { RecordedMeter } from "../support/recorded-meter.ts";

/** A store whose writes can fail, with refills, and the meter that it reports to. */
export interface MeteredFixture {
  store: Pick<Store, "ledger" | "accounts" | "operations">;
  meter: RecordedMeter;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** What becomes of the next writes, as the store's test understands these numbers; 0: all is well. */
  fail(fates: readonly number[]): void;
  /** Nothing fails any more, and what was in doubt is known. */
  calm(): Promise<void>;
  /** What is left of all tokens, as they are stored: from the accounts, and the charges by model. */
  stored(): Promise<{ tokens: number; charged: Map<string, number> }>;
  nextDay(): Promise<void>;
  destroy(): Promise<void>;
}

interface World {
  fixture: MeteredFixture;
  accounts: AccountId[];
  /** All that were made, settled or not. */
  holds: HoldId[];
}

type Deed = (world: World) => Promise<unknown>;

/** A deed that a failure report names. */
const named = (text: string, deed: Deed): Deed => Object.assign(deed, { [fc.toStringMethod]: () => text });

const pick = <T>(from: T[], index: number): T | undefined => from[index % from.length];
const who = fc.nat(5);
const prices = { small: 100, large: 150 };

const register = fc.constantFrom(0, 250, 1000).map((tokens) =>
  named(`register(${tokens})`, async ({ fixture, accounts }) => {
    const name = `u${randomUUID().slice(0, 8)}`;
    const made = await fixture.store.accounts.create({ name, passwordHash: "$2b$", tokens });
    if (made.kind === "created") accounts.push(made.account.id);
  }),
);

const move = fc
  .tuple(who, fc.nat(3), fc.constantFrom(50, 50, 300), fc.boolean())
  .map(([index, name, tokens, takes]) =>
    named(`${takes ? "take" : "grant"}(${index}, ${name}, ${tokens})`, async ({ fixture, accounts }) => {
      const { ledger, operations } = fixture.store;
      const account = pick(accounts, index) ?? "none";
      // IDs of their own: in Postgres a grant and a take can get the same one at the same moment.
      const asked = { id: `${takes ? "take" : "grant"} ${name}`, account, tokens, by: "ops" };
      if (takes) return operations.take({ ...asked, reason: null });
      return ledger.grant({ ...asked, reason: "" });
    }),
  );

const ask = fc
  .tuple(who, fc.option(fc.constantFrom("a", "b")), fc.constantFrom("small", "large"), fc.nat(3))
  .map(([index, key, model, settles]) =>
    named(`ask(${index}, ${key}, ${model}, ${settles})`, async ({ fixture, accounts, holds }) => {
      const { ledger } = fixture.store;
      const account = pick(accounts, index);
      if (account === undefined) return;
      const id = randomUUID();
      const question = { key: key ?? undefined, digest: model, price: prices[model as "small"], model };
      const held = await ledger.hold({ id, account, ...question, expires: fixture.now() + 130_000 });
      if (held.kind !== "held" && held.kind !== "paid") return;
      holds.push(id);
      if (settles === 0) return ledger.release(id);
      if (settles === 1) return;
      return Promise.all([ledger.charge(id), ledger.charge(id)]);
    }),
  );

/** A question that was asked before is charged, or once more. */
const chargeAgain = fc
  .nat(5)
  .map((index) =>
    named(`charge(${index})`, ({ fixture: { store }, holds }) =>
      store.ledger.charge(pick(holds.toReversed(), index) ?? "none"),
    ),
  );

const balance = who.map((index) =>
  named(`balance(${index})`, async ({ fixture: { store }, accounts }) => {
    const account = pick(accounts, index);
    if (account !== undefined) await store.ledger.balance(account);
  }),
);

const remove = who.map((index) =>
  named(`remove(${index})`, async ({ fixture: { store }, accounts }) => {
    const [account] = accounts.splice(index, 1);
    if (account !== undefined) await store.operations.remove(account, { reason: null, by: "ops" });
  }),
);

const nextDay = fc.constant(named("nextDay", ({ fixture }) => fixture.nextDay()));

const deed = fc.oneof(
  { arbitrary: register, weight: 2 },
  { arbitrary: move, weight: 4 },
  { arbitrary: ask, weight: 6 },
  { arbitrary: chargeAgain, weight: 3 },
  { arbitrary: balance, weight: 1 },
  { arbitrary: remove, weight: 1 },
);

/** What happens at the same moment, and what becomes of the writes. */
const round = fc.oneof(
  {
    arbitrary: fc.record({
      deeds: fc.array(deed, { minLength: 1, maxLength: 6 }),
      fates: fc.array(fc.nat(3), { maxLength: 6 }),
    }),
    weight: 6,
  },
  {
    arbitrary: fc.record({
      deeds: fc.array(nextDay, { minLength: 1, maxLength: 1 }),
      fates: fc.constant<number[]>([]),
    }),
    weight: 1,
  },
);

/** Whatever happened, and whatever failed: what the meter got is what was stored. */
export function meterContract(name: string, open: () => Promise<MeteredFixture>, numRuns: number): void {
  it(`a meter of ${name} gets what moved tokens, each once, whatever fails`, async () => {
    const rounds = fc.array(round, { minLength: 3, maxLength: 12, size: "max" });
    const property = fc.asyncProperty(rounds, async (chosen) => {
      const fixture = await open();
      try {
        await check(fixture, chosen);
      } finally {
        await fixture.destroy();
      }
    });
    const run = await fc.check(property, { numRuns });
    expect(run.failed, fc.defaultReportMessage(run)).toBe(false);
  });
}

async function check(fixture: MeteredFixture, rounds: { deeds: Deed[]; fates: number[] }[]): Promise<void> {
  const world: World = { fixture, accounts: [], holds: [] };
  for (const { deeds, fates } of rounds) {
    fixture.fail(fates);
    const ends = await Promise.allSettled(deeds.map((deed) => deed(world)));
    for (const end of ends)
      if (end.status === "rejected" && !(end.reason instanceof ApiError)) throw end.reason;
    await fixture.calm();
    const { meter } = fixture;
    const { tokens, charged } = await fixture.stored();
    expect({ tokens: meter.gained(), charged: meter.chargedTokens }).toEqual({ tokens, charged });
  }
  for (const id of world.holds) await fixture.store.ledger.release(id);
  expect(fixture.meter.state?.held() ?? 0).toBe(0);
}
