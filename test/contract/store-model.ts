import { randomUUID } from "node:crypto";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { AccountId, Store } from "../../src/server/core/ports.ts";
import { Model } from "./model.ts";
import type { StoreFixture } from "./store-contract.ts";

interface Real {
  fixture: StoreFixture;
  store: Store;
}

/** A deed, to both; gives what the store told and what the model told. What it names is taken modulo what there is. */
type Run = (model: Model, real: Real) => Promise<{ told: unknown; expected: unknown } | undefined>;

const command = (text: string, run: Run): fc.AsyncCommand<Model, Real> => ({
  check: () => true,
  async run(model, real) {
    same(await run(model, real));
    await compare(model, real);
  },
  toString: () => text,
});

function same(both: { told: unknown; expected: unknown } | undefined): void {
  expect(both?.told).toEqual(both?.expected);
}

/** What is true after every deed. */
async function compare(model: Model, { store }: Real): Promise<void> {
  for (const [id, { questions, spent }] of model.accounts) {
    const balance = await store.ledger.balance(id);
    expect(balance).toEqual(model.balance(id));
    expect(balance.tokens).toBeGreaterThanOrEqual(balance.held);
    const usage = await store.ledger.usage(id, 90);
    expect(usage.reduce((sum, day) => sum + day.questions, 0)).toBe(questions);
    expect(usage.reduce((sum, day) => sum + day.tokens, 0)).toBe(spent);
  }
}

function pick<T>(from: Iterable<T>, index: number): T | undefined {
  const all = [...from];
  return all[index % all.length];
}

const accountOf = (model: Model, index: number): AccountId => pick(model.accounts.keys(), index) ?? "";

const index = fc.nat(20);
/** Which of the holds that were asked for: one of the latest, counted from the last. */
const latest = fc.nat(3);
const holdOf = (model: Model, which: number) => pick(model.asked.toReversed(), which) ?? randomUUID();

const hold = fc
  .tuple(
    index,
    fc.option(fc.constantFrom("a", "b")),
    fc.constantFrom("x", "x", "x", "y"),
    fc.constantFrom(30_000, 130_000),
    fc.constantFrom(
      { price: 100, model: "small" },
      { price: 100, model: "small" },
      { price: 150, model: "large" },
    ),
  )
  .map(([who, key, digest, life, asked]) =>
    command(`hold(${who}, ${key}, ${digest}, ${life}, ${asked.model})`, async (model, { store }) => {
      const request = {
        id: randomUUID(),
        account: accountOf(model, who),
        key: key ?? undefined,
        digest,
        ...asked,
        expires: model.now + life,
      };
      return { told: await store.ledger.hold(request), expected: model.hold(request) };
    }),
  );

const charge = latest.map((which) =>
  command(`charge(${which})`, async (model, { store }) => {
    const id = holdOf(model, which);
    const outcomes = await Promise.all([store.ledger.charge(id), store.ledger.charge(id)]);
    const kind = model.charge(id);
    return { told: outcomes.map((outcome) => outcome.kind), expected: [kind, kind] };
  }),
);

const release = latest.map((which) =>
  command(`release(${which})`, async (model, { store }) => {
    const id = holdOf(model, which);
    await store.ledger.release(id);
    model.release(id);
    return undefined;
  }),
);

const grant = fc.tuple(index, fc.nat(5), fc.constantFrom(50, 50, 300)).map(([who, name, tokens]) =>
  command(`grant(${who}, ${name}, ${tokens})`, async (model, { store, fixture }) => {
    const account = accountOf(model, who);
    const id = fixture.acts ? `grant ${name}` : `grant ${name} of ${account}`;
    const told = await store.ledger.grant({ id, account, tokens, reason: "" });
    return { told, expected: model.grant(id, account, tokens) };
  }),
);

const wait = fc.constantFrom(1000, 30_000, 100_000, 6 * 60 * 60 * 1000, 24 * 60 * 60 * 1000).map((ms) =>
  command(`wait(${ms})`, async (model, { fixture }) => {
    await fixture.advance(ms);
    model.advance(ms);
    return undefined;
  }),
);

const restart = fc.constant(
  command("restart", async (model, real) => {
    await real.store.close();
    real.store = await real.fixture.open();
    model.restart(real.fixture.keepsHolds);
    return undefined;
  }),
);

/** Whatever happens to the ledger in whatever order: the store and the model say the same. */
export function storeModel(name: string, place: () => Promise<StoreFixture>, numRuns = 60): void {
  it(`the store in ${name} behaves as the model does`, async () => {
    const deeds = [hold, hold, hold, charge, charge, release, grant, wait, restart];
    const commands = fc.commands(deeds, { maxCommands: 60, size: "max" });
    const property = fc.asyncProperty(commands, (chosen) => runIn(place, chosen));
    await expect(fc.assert(property, { numRuns })).resolves.toBeUndefined();
  });
}

async function runIn(
  place: () => Promise<StoreFixture>,
  commands: Iterable<fc.AsyncCommand<Model, Real>>,
): Promise<void> {
  const fixture = await place();
  const real = { fixture, store: await fixture.open() };
  try {
    const model = new Model(fixture.now(), fixture.models);
    for (const [name, tokens] of [
      ["jane", 350],
      ["john", 100],
    ] as const) {
      const made = await real.store.accounts.create({ name, passwordHash: "$2b$", tokens });
      if (made.kind === "created")
        model.accounts.set(made.account.id, { tokens, spent: 0, questions: 0, keys: new Map() });
    }
    await fc.asyncModelRun(() => ({ model, real }), commands);
  } finally {
    await real.store.close();
    await fixture.destroy();
  }
}
