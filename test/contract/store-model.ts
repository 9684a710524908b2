import { createHash, randomUUID } from "node:crypto";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { pseudonymOf, type Act } from "../../src/server/core/operations.ts";
import type { AccountId } from "../../src/server/core/ports.ts";
import type { Store } from "../../src/server/core/store.ts";
import { Model } from "./model.ts";
import type { StoreFixture } from "./store-fixture.ts";

const act: Act = { reason: null, by: "ops" };

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

const actCommand = (text: string, run: Run) =>
  command(text, async (model, real) => (real.fixture.acts ? run(model, real) : undefined));

function same(both: { told: unknown; expected: unknown } | undefined): void {
  expect(both?.told).toEqual(both?.expected);
}

/** What is true after every deed. */
async function compare(model: Model, { store, fixture }: Real): Promise<void> {
  for (const [id, { questions, spent, name, disabled, deleted }] of model.accounts) {
    const balance = await store.ledger.balance(id);
    expect(balance).toEqual(model.balance(id));
    expect(balance.tokens).toBeGreaterThanOrEqual(balance.held);
    const usage = await store.ledger.usage(id, 90);
    expect(usage.reduce((sum, day) => sum + day.questions, 0)).toBe(questions);
    expect(usage.reduce((sum, day) => sum + day.tokens, 0)).toBe(spent);
    await compareKeys(model, store, id);
    if (!fixture.acts) continue;
    expect(await store.operations.account(name)).toMatchObject({ id, ...balance, used: spent, disabled });
    expect((await store.accounts.byName(name))?.id).toBe(deleted ? undefined : id);
    expect((await store.accounts.session(id, ""))?.account.name).toBe(deleted ? undefined : name);
  }
}

async function compareKeys(model: Model, { apiKeys, ledger }: Store, account: AccountId): Promise<void> {
  if (!apiKeys) return;
  const listed = (await apiKeys.list(account)).map(({ id, name, spent }) => ({ id, name, spent }));
  const expected = model.liveKeys(account);
  expect(listed).toEqual(expected.map(([id, key]) => ({ id, name: key.name, spent: model.spentBy(key) })));
  if (model.account(account).deleted) return;
  const use = (await ledger.usageBy?.(account, 90, "key")) ?? [];
  expect(new Map(use.map(({ name, questions }) => [name, questions]))).toEqual(model.useByKey(account));
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
    fc.option(index),
  )
  .map(([who, key, digest, life, asked, by]) =>
    command(`hold(${who}, ${key}, ${digest}, ${life}, ${asked.model}, ${by})`, async (model, { store }) => {
      const [apiKey, made] = (by === null ? undefined : pick(model.apiKeys, by)) ?? [];
      const account = made?.account ?? accountOf(model, who);
      // No question gets so far: its login has ended.
      if (model.account(account).deleted) return undefined;
      const request = {
        id: randomUUID(),
        account,
        key: key ?? undefined,
        digest,
        apiKey,
        ...asked,
        expires: model.now + life,
      };
      return { told: await store.ledger.hold(request), expected: model.hold(request) };
    }),
  );

const makeKey = fc
  .tuple(index, fc.constantFrom("ci", "CI", "laptop"), fc.constantFrom(150, 250))
  .map(([who, name, tokens]) =>
    command(`makeKey(${who}, ${name}, ${tokens})`, async (model, { store }) => {
      if (!store.apiKeys) return undefined;
      const [id, account, limit] = [randomUUID(), accountOf(model, who), { tokens, per: "day" } as const];
      const digest = createHash("sha256").update(id).digest("hex");
      const made = await store.apiKeys.create({ id, account, name, digest, limit, expires: null });
      return { told: made.kind, expected: model.createKey(id, account, name, tokens) };
    }),
  );

const endKey = index.map((which) =>
  command(`endKey(${which})`, async (model, { store }) => {
    const [id, key] = pick(model.apiKeys, which) ?? [];
    if (!store.apiKeys || id === undefined || !key) return undefined;
    return { told: (await store.apiKeys.revoke(key.account, id)).kind, expected: model.revokeKey(id) };
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

const take = fc.tuple(index, fc.nat(5), fc.constantFrom(50, 300, 300)).map(([who, name, tokens]) =>
  actCommand(`take(${who}, ${name}, ${tokens})`, async (model, { store }) => {
    const [id, account] = [`grant ${name}`, accountOf(model, who)];
    const told = await store.operations.take({ id, account, tokens, ...act });
    return { told, expected: model.take(id, account, tokens) };
  }),
);

const disable = fc.tuple(index, fc.boolean()).map(([who, disabled]) =>
  actCommand(`disable(${who}, ${disabled})`, async (model, { store }) => {
    const account = accountOf(model, who);
    const told = await store.operations.setDisabled(account, disabled, act);
    const isSo = model.account(account).disabled === disabled;
    return { told, expected: model.act(account, isSo, (known) => (known.disabled = disabled)) };
  }),
);

const username = fc.constantFrom("jane", "Jane", "john", "joan");

const rename = fc.tuple(index, username).map(([who, name]) =>
  actCommand(`rename(${who}, ${name})`, async (model, { store }) => {
    const account = accountOf(model, who);
    const told = await store.operations.rename(account, name, act);
    return { told, expected: model.rename(account, name) };
  }),
);

const remove = index.map((who) =>
  actCommand(`remove(${who})`, async (model, { store }) => {
    const account = accountOf(model, who);
    const told = await store.operations.remove(account, act);
    const pseudonym = pseudonymOf(account);
    const { kind } = model.act(account, false, (known) =>
      Object.assign(known, { name: pseudonym, deleted: true, disabled: true, keys: new Map() }),
    );
    return { told, expected: { kind: kind === "unknown" ? "repeated" : kind, pseudonym } };
  }),
);

const register = fc.tuple(username, fc.constantFrom(0, 250)).map(([name, tokens]) =>
  command(`register(${name}, ${tokens})`, async (model, { store }) => {
    const made = await store.accounts.create({ name, passwordHash: "$2b$", tokens });
    const expected = model.named(name) === undefined ? "created" : "taken";
    if (made.kind === "created") model.create(made.account.id, name, tokens);
    return { told: made.kind, expected };
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
    model.restart(real.fixture);
    return undefined;
  }),
);

/** Whatever happens to the ledger in whatever order: the store and the model say the same. */
export function storeModel(name: string, place: () => Promise<StoreFixture>, numRuns = 40): void {
  it(`the store in ${name} behaves as the model does`, async () => {
    const deeds = [hold, hold, hold, charge, charge, release, grant, wait, restart];
    const acts = [take, disable, rename, remove, register, makeKey, makeKey, endKey];
    const commands = fc.commands([...deeds, ...acts], { maxCommands: 60, size: "max" });
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
      if (made.kind === "created") model.create(made.account.id, name, tokens);
    }
    await fc.asyncModelRun(() => ({ model, real }), commands);
  } finally {
    await real.store.close();
    await fixture.destroy();
  }
}
