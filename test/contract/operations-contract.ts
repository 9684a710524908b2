import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { pseudonymOf, type AccountRow, type Act } from "../../src/server/core/operations.ts";
import type { HoldRequest } from "../../src/server/core/ports.ts";
import type { Store } from "../../src/server/core/store.ts";
import { useStore, type StoreFixture } from "./store-fixture.ts";

const act: Act = { reason: "as asked", by: "ops" };
const NOBODY = "no such account";

/** What every store promises an operator. One suite, run unchanged against each. */
export function operationsContract(name: string, place: () => Promise<StoreFixture>): void {
  describe(`an operator's acts in ${name}`, () => {
    let fixture: StoreFixture;
    let store: Store;

    const { restart, create, question } = useStore(place, (opened) => ({ fixture, store } = opened));

    /** Opens a hold; resolves to its charge. */
    async function begin(account: string, more: Partial<HoldRequest> = {}) {
      const request = question(account, more);
      expect((await store.ledger.hold(request)).kind).toBe("held");
      return () => store.ledger.charge(request.id);
    }

    async function ask(account: string, more: Partial<HoldRequest> = {}): Promise<void> {
      const charge = await begin(account, more);
      expect((await charge()).kind).toBe("charged");
    }

    const balance = (account: string) => store.ledger.balance(account);
    const row = async (username: string) => store.operations.account(username);
    const take = (account: string, tokens: number, id: string = randomUUID()) =>
      store.operations.take({ id, account, tokens, ...act });
    const grant = (account: string, id: string, tokens = 500, by?: string) =>
      store.ledger.grant({ id, account, tokens, reason: "thanks", by });
    const kinds = async (all: Promise<{ kind: string }>[]) =>
      (await Promise.all(all)).map(({ kind }) => kind).sort();

    async function listed(): Promise<AccountRow[]> {
      const rows: AccountRow[] = [];
      for await (const page of store.operations.accounts()) rows.push(...page);
      return rows.sort((a, b) => (a.username < b.username ? -1 : 1));
    }

    describe("accounts", () => {
      it("are listed with what they have, used and asked, across a restart", async () => {
        const jane = await create("Jane");
        await create("john", 0);
        const created = fixture.now();
        await fixture.advance(60_000);
        await ask(jane.id);
        await ask(jane.id, { price: 150 });
        await store.operations.setDisabled(jane.id, true, act);
        const rows = await listed();
        expect(rows).toEqual([
          {
            id: jane.id,
            username: "Jane",
            tokens: 3750,
            held: 0,
            used: 250,
            created: expect.any(Number),
            lastQuestion: expect.any(Number),
            disabled: true,
            due: 0,
          },
          expect.objectContaining({
            username: "john",
            tokens: 0,
            used: 0,
            lastQuestion: null,
            disabled: false,
          }),
        ]);
        expect(Math.abs(rows[0]!.created - created)).toBeLessThan(30_000);
        expect(rows[0]!.lastQuestion! - rows[0]!.created).toBeGreaterThanOrEqual(30_000);
        expect(await row("jANE")).toEqual({ ...rows[0], apiKeys: 0 });
        expect(await row("janet")).toBeUndefined();
        await restart();
        expect(await listed()).toEqual(rows);
      });

      it("show what is held, and no question that was not charged", async () => {
        const jane = await create();
        const request = question(jane.id);
        await store.ledger.hold(request);
        expect(await row("jane")).toMatchObject({ tokens: 4000, held: 100, used: 0, lastQuestion: null });
        await store.ledger.release(request.id);
        expect(await row("jane")).toMatchObject({ tokens: 4000, held: 0, used: 0, lastQuestion: null });
      });

      it("are listed page by page, each once", async () => {
        const names = Array.from({ length: 450 }, (_, at) => `user${String(at).padStart(3, "0")}`);
        await Promise.all(names.map((username) => create(username, 1)));
        let pages = 0;
        const found: string[] = [];
        for await (const page of store.operations.accounts()) {
          pages += 1;
          found.push(...page.map(({ username }) => username));
        }
        expect(found.sort()).toEqual(names);
        expect(pages).toBeGreaterThan(1);
      });
    });

    describe("grants", () => {
      it("may have the same id for several accounts, each once, also concurrently", async () => {
        const all = await Promise.all(["jane", "john", "jill"].map((username) => create(username)));
        const give = () => kinds(all.map(({ id }) => grant(id, "june")));
        expect(await give()).toEqual(["granted", "granted", "granted"]);
        expect(await give()).toEqual(["repeated", "repeated", "repeated"]);
        await restart();
        expect(await give()).toEqual(["repeated", "repeated", "repeated"]);
        expect((await grant(all[1]!.id, "june", 501)).kind).toBe("id_taken");
        for (const { id } of all) expect(await balance(id)).toEqual({ tokens: 4500, held: 0 });
      });

      it("by somebody are made once, and are the same grant whoever repeats them", async () => {
        const { id } = await create();
        const told = [grant(id, "june", 500, "ops"), grant(id, "june", 500, "ops"), grant(id, "june")];
        expect(await kinds(told)).toEqual(["granted", "repeated", "repeated"]);
        expect(await balance(id)).toEqual({ tokens: 4500, held: 0 });
      });

      it("are not made for an account that does not exist", async () => {
        expect(await grant(NOBODY, "june")).toEqual({ kind: "unknown" });
      });
    });

    it("tells what each account got or lost under an id", async () => {
      const [jane, joe, jim] = [await create("jane"), await create("joe"), await create("jim")];
      await store.ledger.grant({ id: "june", account: jane.id, tokens: 500, reason: "r" });
      await store.ledger.grant({ id: "june", account: jim.id, tokens: 7, reason: "r" });
      await take(joe.id, 9000, "june");
      await take(joe.id, 1, "other");
      const moved = (id: string) => store.operations.moved(id, [jim.id, NOBODY, joe.id, jane.id]);
      expect(await moved("june")).toEqual([7, null, -4000, 500]);
      expect(await moved("other")).toEqual([null, null, 0, null]);
      await restart();
      expect(await moved("june")).toEqual([7, null, -4000, 500]);
    });

    describe("a take", () => {
      it("takes what was asked for, once, across a restart", async () => {
        const { id } = await create();
        const taken = { taken: 1500, balance: { tokens: 2500, held: 0 } };
        const told = await Promise.all([take(id, 1500, "t1"), take(id, 1500, "t1")]);
        expect(told.map(({ kind }) => kind).sort()).toEqual(["repeated", "taken"]);
        for (const outcome of told) expect(outcome).toMatchObject(taken);
        await restart();
        expect(await take(id, 1500, "t1")).toEqual({ kind: "repeated", ...taken });
        expect(await take(id, 1501, "t1")).toEqual({ kind: "id_taken" });
        expect(await row("jane")).toMatchObject({ tokens: 2500, used: 0 });
      });

      it("takes no more than there is, and says how much", async () => {
        const { id } = await create("jane", 70);
        expect(await take(id, 100, "t1")).toEqual({
          kind: "taken",
          taken: 70,
          balance: { tokens: 0, held: 0 },
        });
        expect(await take(id, 100, "t2")).toEqual({
          kind: "taken",
          taken: 0,
          balance: { tokens: 0, held: 0 },
        });
        await restart();
        expect(await take(id, 100, "t1")).toMatchObject({ kind: "repeated", taken: 70 });
        expect(await take(id, 100, "t2")).toMatchObject({ kind: "repeated", taken: 0 });
        expect(await take(id, 70, "t1")).toEqual({ kind: "id_taken" });
      });

      it("leaves what is held: a question under way is charged", async () => {
        const { id } = await create("jane", 250);
        const charge = await begin(id);
        expect(await take(id, 1000)).toMatchObject({ taken: 150, balance: { tokens: 100, held: 100 } });
        expect(await take(id, 1000)).toMatchObject({ taken: 0 });
        expect(await charge()).toEqual({ kind: "charged", balance: { tokens: 0, held: 0 } });
      });

      it("and questions at the same time never use the same tokens", async () => {
        const { id } = await create("jane", 1000);
        const requests = Array.from({ length: 8 }, () => question(id));
        const [outcomes, takes] = await Promise.all([
          Promise.all(requests.map((request) => store.ledger.hold(request))),
          Promise.all([take(id, 400), take(id, 400), take(id, 400)]),
        ]);
        const after = await balance(id);
        expect(after.tokens).toBeGreaterThanOrEqual(after.held);
        const held = requests.filter((_, at) => outcomes[at]?.kind === "held");
        for (const { id: hold } of held) expect((await store.ledger.charge(hold)).kind).toBe("charged");
        const taken = takes.map((outcome) => ("taken" in outcome ? outcome.taken : 0));
        const sum = taken.reduce((total, tokens) => total + tokens, 0);
        expect(await balance(id)).toEqual({ tokens: 1000 - 100 * held.length - sum, held: 0 });
        // Each takes all that it finds free.
        expect(sum).toBe(Math.min(1200, 1000 - 100 * held.length));
      });

      it("and a question that comes while it is written never use the same tokens", async () => {
        for (let passed = 0; passed < 10; passed += 1) {
          const { id } = await create(`jane${passed}`, 100);
          const taking = take(id, 100);
          for (let turn = 0; turn < passed; turn += 1) await Promise.resolve();
          const request = question(id);
          const { kind } = await store.ledger.hold(request);
          expect(await taking).toMatchObject({ kind: "taken", taken: kind === "held" ? 0 : 100 });
          const charged = await store.ledger.charge(request.id);
          expect(charged.kind).toBe(kind === "held" ? "charged" : "expired");
          expect(await balance(id)).toEqual({ tokens: 0, held: 0 });
        }
      });

      it("shares its ids with the account's grants, and with no other account's", async () => {
        const [jane, john] = [await create("jane"), await create("john")];
        expect((await grant(jane.id, "june")).kind).toBe("granted");
        expect(await take(jane.id, 500, "june")).toEqual({ kind: "id_taken" });
        expect(await take(john.id, 500, "june")).toMatchObject({ kind: "taken", taken: 500 });
        expect(await grant(john.id, "june")).toEqual({ kind: "id_taken" });
        expect(await kinds([grant(john.id, "july", 10), take(john.id, 10, "july")])).toContain("id_taken");
        await restart();
        expect(await grant(john.id, "june")).toEqual({ kind: "id_taken" });
      });

      it("is refused if it is not of a positive whole number", async () => {
        const { id } = await create();
        for (const tokens of [0, -1, 1.5, Number.NaN, 2 ** 53])
          await expect(take(id, tokens), String(tokens)).rejects.toBeInstanceOf(RangeError);
        expect(await balance(id)).toEqual({ tokens: 4000, held: 0 });
      });
    });

    describe("disabling", () => {
      it("holds until it is enabled, and ends no login", async () => {
        const { id } = await create();
        const session = async () => (await store.accounts.session(id, "jti"))?.account;
        const disable = (disabled: boolean) => store.operations.setDisabled(id, disabled, act);
        expect(await disable(false)).toEqual({ kind: "repeated" });
        expect(await kinds([disable(true), disable(true)])).toEqual(["done", "repeated"]);
        expect(await session()).toMatchObject({ disabled: true, generation: 1 });
        await restart();
        expect(await disable(true)).toEqual({ kind: "repeated" });
        expect(await disable(false)).toEqual({ kind: "done" });
        expect(await session()).toMatchObject({ disabled: false, generation: 1 });
      });

      it("charges a question that is under way", async () => {
        const { id } = await create();
        const charge = await begin(id);
        await store.operations.setDisabled(id, true, act);
        expect((await charge()).kind).toBe("charged");
        expect(await balance(id)).toEqual({ tokens: 3900, held: 0 });
      });
    });

    describe("a new password", () => {
      const set = (id: string, hash: string) => store.operations.setPassword(id, hash, act);

      it("ends the logins of before, once", async () => {
        const { id } = await create();
        expect(await kinds([set(id, "$2b$new"), set(id, "$2b$new")])).toEqual(["done", "repeated"]);
        await restart();
        expect(await set(id, "$2b$new")).toEqual({ kind: "repeated" });
        expect(await store.accounts.byName("jane")).toMatchObject({ passwordHash: "$2b$new", generation: 2 });
      });

      it("comes after one that the account sets at the same time, or makes it too late", async () => {
        const { id } = await create();
        const own = store.accounts.setPassword({ account: id, generation: 1, passwordHash: "$2b$own" });
        const [{ kind }, reset] = await Promise.all([own, set(id, "$2b$new")]);
        expect(reset).toEqual({ kind: "done" });
        expect(await store.accounts.byName("jane")).toMatchObject({
          passwordHash: "$2b$new",
          generation: kind === "set" ? 3 : 2,
        });
      });
    });

    describe("a new name", () => {
      const rename = (id: string, to: string) => store.operations.rename(id, to, act);

      it("takes the place of the old one, and ends no login", async () => {
        const jane = await create("jane");
        const charge = await begin(jane.id);
        expect(await kinds([rename(jane.id, "Joan"), rename(jane.id, "Joan")])).toEqual(["done", "repeated"]);
        expect((await charge()).kind).toBe("charged");
        for (const again of [false, true]) {
          if (again) await restart();
          expect(await store.accounts.byName("jane")).toBeUndefined();
          expect(await store.accounts.byName("joan")).toEqual({ ...jane, name: "Joan" });
          expect((await store.accounts.session(jane.id, "jti"))?.account.name).toBe("Joan");
          expect(await row("joan")).toMatchObject({ id: jane.id, username: "Joan", tokens: 3900 });
          expect(await rename(jane.id, "Joan")).toEqual({ kind: "repeated" });
        }
      });

      it("may differ from the old one in its case alone", async () => {
        const { id } = await create("jane");
        expect(await rename(id, "Jane")).toEqual({ kind: "done" });
        expect((await store.accounts.byName("jane"))?.name).toBe("Jane");
      });

      it("is refused if another account has it, in any case", async () => {
        const [jane] = [await create("jane"), await create("John")];
        expect(await rename(jane.id, "jOHN")).toEqual({ kind: "taken" });
        expect((await row("jane"))?.id).toBe(jane.id);
      });

      it("goes to one of several that want it", async () => {
        const all = await Promise.all(["jane", "john", "jill"].map((username) => create(username)));
        expect(await kinds(all.map(({ id }) => rename(id, "Joan")))).toEqual(["done", "taken", "taken"]);
        expect(await listed()).toHaveLength(3);
        await restart();
        expect(new Set((await listed()).map(({ username }) => username.toLowerCase())).size).toBe(3);
      });

      it("and a registration at the same time make one account of that name", async () => {
        const { id } = await create("jane");
        const joan = store.accounts.create({ name: "joan", passwordHash: "$2b$hash", tokens: 1 });
        const told = await kinds([rename(id, "Joan"), joan]);
        expect([
          ["created", "taken"],
          ["done", "taken"],
        ]).toContainEqual(told);
        await restart();
        expect((await listed()).filter(({ username }) => username.toLowerCase() === "joan")).toHaveLength(1);
      });

      it("leaves the old one to whoever registers it, and nothing else", async () => {
        const old = await create("jane");
        await ask(old.id, { key: "k".repeat(64) });
        await rename(old.id, "joan");
        const jane = await create("jane");
        expect(jane.id).not.toBe(old.id);
        await ask(jane.id, { key: "k".repeat(64) });
        expect(await balance(old.id)).toEqual({ tokens: 3900, held: 0 });
        expect(await rename(old.id, "jane")).toEqual({ kind: "taken" });
      });
    });

    describe("a deleted account", () => {
      const remove = (id: string) => store.operations.remove(id, act);

      it("is gone at once and across a restart, but its tokens are not", async () => {
        const { id } = await create("jane");
        await create("john");
        await ask(id);
        await store.accounts.revoke({ account: id, jti: "left", expires: fixture.now() + 1e6 });
        await store.accounts.remember(id, "home");
        const pseudonym = pseudonymOf(id);
        const told = await Promise.all([remove(id), remove(id)]);
        expect(told.map(({ kind }) => kind).sort()).toEqual(["done", "repeated"]);
        for (const outcome of told) expect(outcome).toMatchObject({ pseudonym });
        for (const again of [false, true]) {
          if (again) await restart();
          expect(await store.accounts.byName("jane")).toBeUndefined();
          expect(await store.accounts.byName(pseudonym)).toBeUndefined();
          expect(await store.accounts.session(id, "jti")).toBeUndefined();
          expect(await store.accounts.knows(id, "home")).toBe(false);
          expect((await listed()).map(({ username }) => username)).toEqual(["john"]);
          expect(await row("jane")).toBeUndefined();
          expect(await row(pseudonym)).toMatchObject({ id, username: pseudonym, tokens: 3900, used: 100 });
          expect(await remove(id)).toEqual({ kind: "repeated", pseudonym });
        }
      });

      it("is charged for a question that was under way", async () => {
        const { id } = await create();
        const [charge, late] = [await begin(id, { key: "k".repeat(64) }), await begin(id)];
        const [outcome] = await Promise.all([charge(), remove(id)]);
        expect(outcome.kind).toBe("charged");
        expect(await late()).toEqual({ kind: "charged", balance: { tokens: 3800, held: 0 } });
        await restart();
        expect(await row(pseudonymOf(id))).toMatchObject({ tokens: 3800, used: 200 });
      });

      it("can do and get nothing more", async () => {
        const { id } = await create();
        await remove(id);
        for (const account of [id, NOBODY]) {
          const unknown = { kind: "unknown" };
          expect(await take(account, 1)).toEqual(unknown);
          expect(await grant(account, "june")).toEqual(unknown);
          expect(await store.operations.setDisabled(account, false, act)).toEqual(unknown);
          expect(await store.operations.setPassword(account, "$2b$new", act)).toEqual(unknown);
          expect(await store.operations.rename(account, "joan", act)).toEqual(unknown);
        }
        expect(await remove(NOBODY)).toEqual({ kind: "unknown" });
        const own = { account: id, generation: 1, passwordHash: "$2b$own" };
        expect((await store.accounts.setPassword(own)).kind).toBe("changed");
        const later = { ...own, generation: 2 };
        expect((await store.accounts.setPassword(later)).kind).toBe("changed");
        await store.accounts.revoke({ account: id, jti: "left", expires: fixture.now() + 1e6 });
        await store.accounts.remember(id, "home");
        expect(await store.accounts.knows(id, "home")).toBe(false);
        expect(await balance(id)).toEqual({ tokens: 4000, held: 0 });
        await restart();
        expect(await row(pseudonymOf(id))).toMatchObject({ tokens: 4000, disabled: true });
      });

      it("loses or keeps whatever comes at the same moment, as a whole", async () => {
        const { id } = await create();
        const [given, taken] = await Promise.all([
          grant(id, "june", 500),
          take(id, 300, "t1"),
          remove(id),
          store.operations.rename(id, "joan", act),
          store.operations.setPassword(id, "$2b$new", act),
          store.accounts.setPassword({ account: id, generation: 1, passwordHash: "$2b$own" }),
        ]);
        const tokens =
          4000 + (given.kind === "granted" ? 500 : 0) - (taken.kind === "taken" ? taken.taken : 0);
        expect(await row(pseudonymOf(id))).toMatchObject({ tokens });
        await restart();
        expect(await row(pseudonymOf(id))).toMatchObject({ tokens });
        expect(await listed()).toEqual([]);
      });

      it("leaves its name to whoever registers it, and nothing else", async () => {
        const old = await create("jane");
        await ask(old.id, { key: "k".repeat(64) });
        await grant(old.id, "june");
        await remove(old.id);
        const jane = await create("Jane", 1000);
        expect(jane.id).not.toBe(old.id);
        await ask(jane.id, { key: "k".repeat(64) });
        expect((await grant(jane.id, "june")).kind).toBe("granted");
        expect(await row("jane")).toMatchObject({ id: jane.id, tokens: 1400, used: 100 });
        expect(await remove(old.id)).toMatchObject({ kind: "repeated" });
        await restart();
        expect(await store.accounts.byName("jane")).toEqual(jane);
        expect((await grant(jane.id, "june")).kind).toBe("repeated");
      });
    });
  });
}
