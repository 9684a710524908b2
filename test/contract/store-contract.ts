import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { HoldOutcome, HoldRequest } from "../../src/server/core/ports.ts";
import type { Store } from "../../src/server/core/store.ts";
import { useStore, type StoreFixture } from "./store-fixture.ts";

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

/** What every store promises (src/server/core/ports.ts). One suite, run unchanged against each. */
export function storeContract(name: string, place: () => Promise<StoreFixture>): void {
  describe(`the store in ${name}`, () => {
    let fixture: StoreFixture;
    let store: Store;

    const { restart, create, question } = useStore(place, (opened) => ({ fixture, store } = opened));

    async function hold(request: HoldRequest): Promise<HoldOutcome["kind"]> {
      return (await store.ledger.hold(request)).kind;
    }

    /** A keyed question, held and charged. */
    async function chargeKey(account: string, key: string, digest = "digest"): Promise<HoldOutcome["kind"]> {
      const request = question(account, { key, digest });
      const kind = await hold(request);
      await store.ledger.charge(request.id);
      return kind;
    }

    const balance = (account: string) => store.ledger.balance(account);

    describe("accounts", () => {
      it("creates an account with its tokens", async () => {
        const account = await create("Jane.Doe+1@x-y_z", 4000);
        expect(account).toEqual({
          id: expect.any(String),
          name: "Jane.Doe+1@x-y_z",
          passwordHash: "$2b$hash",
          generation: 1,
          disabled: false,
        });
        expect(await balance(account.id)).toEqual({ tokens: 4000, held: 0 });
      });

      it("creates an account without tokens if the starting tokens are 0", async () => {
        const account = await create("jane", 0);
        expect(await balance(account.id)).toEqual({ tokens: 0, held: 0 });
        expect(await hold(question(account.id))).toBe("insufficient");
      });

      it("finds an account by its name in any case, and returns the name as typed", async () => {
        const account = await create("Jane");
        expect(await store.accounts.byName("jANE")).toEqual(account);
        expect(await store.accounts.byName("janet")).toBeUndefined();
      });

      it("accepts the names of properties of JavaScript objects", async () => {
        for (const name of ["__proto__", "constructor", "toString"]) {
          expect(await store.accounts.byName(name)).toBeUndefined();
          const account = await create(name);
          expect(await store.accounts.byName(name)).toEqual(account);
        }
      });

      it("finds no account by a name that no account can have", async () => {
        await create("Jane");
        for (const name of [
          "",
          "a\0b",
          "\0",
          "\ud800",
          "日本",
          "J\u017fane",
          "x".repeat(100_000),
          "' OR 1=1 --",
          "%",
        ])
          expect(await store.accounts.byName(name), JSON.stringify(name).slice(0, 40)).toBeUndefined();
      });

      it("refuses a name that is taken in another case, and keeps the first account unchanged", async () => {
        const first = await create("Jane");
        const second = await store.accounts.create({ name: "JANE", passwordHash: "other", tokens: 1 });
        expect(second).toEqual({ kind: "taken" });
        expect(await store.accounts.byName("jane")).toEqual(first);
        expect(await balance(first.id)).toEqual({ tokens: 4000, held: 0 });
      });

      it("gives a name to one of many concurrent registrations", async () => {
        const names = Array.from({ length: 20 }, (_, index) => (index % 2 ? "jane" : "JANE"));
        const made = await Promise.all(
          names.map((name, index) =>
            store.accounts.create({ name, passwordHash: `hash ${index}`, tokens: 4000 }),
          ),
        );
        const created = made.flatMap((outcome) => (outcome.kind === "created" ? [outcome.account] : []));
        expect(created).toHaveLength(1);
        expect(await store.accounts.byName("jane")).toEqual(created[0]);
      });

      it("raises the generation with every new password", async () => {
        const { id } = await create();
        const second = { account: id, generation: 1, passwordHash: "$2b$second" };
        const account = { id, name: "jane", generation: 2, passwordHash: "$2b$second", disabled: false };
        expect(await store.accounts.setPassword(second)).toEqual({ kind: "set", account });
        expect(await store.accounts.byName("jane")).toEqual(account);
        expect((await store.accounts.session(id, "jti"))?.account).toEqual(account);
      });

      it("sets one of many concurrent passwords that replace the same one", async () => {
        const { id } = await create();
        const hashes = Array.from({ length: 10 }, (_, index) => `$2b$${index}`);
        const set = (passwordHash: string) =>
          store.accounts.setPassword({ account: id, generation: 1, passwordHash });
        const outcomes = await Promise.all(hashes.map(set));
        const done = outcomes.flatMap((outcome) => (outcome.kind === "set" ? [outcome.account] : []));
        expect(done).toHaveLength(1);
        expect(await store.accounts.byName("jane")).toEqual(done[0]);
        expect(done[0]).toMatchObject({ generation: 2, passwordHash: expect.stringMatching(/^\$2b\$\d$/) });
        expect(await set("$2b$late")).toEqual({ kind: "changed" });
      });

      it("disables an account and enables it again", async () => {
        const { id } = await create();
        await store.accounts.setDisabled(id, true);
        expect((await store.accounts.byName("jane"))?.disabled).toBe(true);
        expect((await store.accounts.session(id, "jti"))?.account.disabled).toBe(true);
        await store.accounts.setDisabled(id, false);
        expect((await store.accounts.byName("jane"))?.disabled).toBe(false);
      });

      it("finds the account of a token and whether the token was revoked", async () => {
        const account = await create();
        await store.accounts.revoke({ account: account.id, jti: "one", expires: fixture.now() + DAY });
        await store.accounts.revoke({ account: account.id, jti: "one", expires: fixture.now() + DAY });
        expect(await store.accounts.session(account.id, "one")).toEqual({ account, revoked: true });
        expect(await store.accounts.session(account.id, "two")).toEqual({ account, revoked: false });
        expect(await store.accounts.session("nobody", "one")).toBeUndefined();
      });
    });

    describe("known addresses", () => {
      const known = async (account: string, ...addresses: string[]) =>
        Promise.all(addresses.map((address) => store.accounts.knows(account, address)));

      it("knows an address for its account only, also after a restart", async () => {
        const [jane, john] = [await create(), await create("john")];
        await store.accounts.remember(jane.id, "home");
        await store.accounts.remember(jane.id, "home");
        await store.accounts.remember(john.id, "work");
        for (const open of [async () => {}, restart]) {
          await open();
          expect(await known(jane.id, "home", "work")).toEqual([true, false]);
          expect(await known(john.id, "home", "work")).toEqual([false, true]);
          expect(await known("", "home")).toEqual([false]);
        }
      });

      it("forgets an address 90 days after it was last remembered", async () => {
        const { id } = await create();
        for (const address of ["home", "work"]) await store.accounts.remember(id, address);
        await fixture.advance(45 * DAY);
        await store.accounts.remember(id, "home");
        await fixture.advance(45 * DAY - 1);
        expect(await known(id, "home", "work")).toEqual([true, true]);
        await fixture.advance(1);
        expect(await known(id, "home", "work")).toEqual([true, false]);
        await restart();
        expect(await known(id, "home", "work")).toEqual([true, false]);
        await fixture.advance(45 * DAY);
        expect(await known(id, "home")).toEqual([false]);
      });

      it("keeps the last 20 of an account", async () => {
        const { id } = await create();
        const addresses = Array.from({ length: 22 }, (_, index) => `address ${index}`);
        const [first, second, third, ...others] = addresses as [string, string, string];
        for (const address of [first, second, third]) await store.accounts.remember(id, address);
        await fixture.advance(2 * DAY);
        await store.accounts.remember(id, first);
        for (const address of others) {
          await fixture.advance(1);
          await store.accounts.remember(id, address);
        }
        for (const open of [async () => {}, restart]) {
          await open();
          expect(await known(id, first, second, third, ...others)).toEqual([
            true,
            false,
            false,
            ...others.map(() => true),
          ]);
        }
      });
    });

    describe("grants", () => {
      it("adds tokens and returns the balance after it", async () => {
        const { id } = await create();
        const granted = await store.ledger.grant({ id: "g1", account: id, tokens: 500, reason: "thanks" });
        expect(granted).toEqual({ kind: "granted", balance: { tokens: 4500, held: 0 } });
        expect(await balance(id)).toEqual({ tokens: 4500, held: 0 });
      });

      it("makes one grant for the same id, in sequence or concurrently", async () => {
        const { id } = await create();
        const grant = { id: "g1", account: id, tokens: 500, reason: "thanks" };
        const told = await Promise.all([1, 2, 3].map(() => store.ledger.grant(grant)));
        const after = { tokens: 4500, held: 0 };
        expect(told.map(({ kind }) => kind).sort()).toEqual(["granted", "repeated", "repeated"]);
        expect(await store.ledger.grant(grant)).toEqual({ kind: "repeated", balance: after });
        await restart();
        expect(await store.ledger.grant(grant)).toEqual({ kind: "repeated", balance: after });
        expect(await balance(id)).toEqual(after);
      });

      it("refuses the id of a grant with other tokens, also concurrently", async () => {
        const { id } = await create();
        const grant = { id: "g1", account: id, tokens: 500, reason: "thanks" };
        const told = await Promise.all([
          store.ledger.grant(grant),
          store.ledger.grant({ ...grant, tokens: 501 }),
        ]);
        expect(told.map(({ kind }) => kind).sort()).toEqual(["granted", "id_taken"]);
        const after = await balance(id);
        await restart();
        expect(await store.ledger.grant({ ...grant, tokens: 502 })).toEqual({ kind: "id_taken" });
        expect(await balance(id)).toEqual(after);
      });

      it("refuses a balance above the largest safe integer, and accepts that integer", async () => {
        const { id } = await create();
        const grant = (name: string, tokens: number) =>
          store.ledger.grant({ id: name, account: id, tokens, reason: "" });
        const most = Number.MAX_SAFE_INTEGER;
        expect(await grant("g1", most)).toEqual({ kind: "too_many", balance: { tokens: 4000, held: 0 } });
        expect(await grant("g1", most - 4000)).toMatchObject({ kind: "granted" });
        expect(await grant("g2", 1)).toMatchObject({ kind: "too_many" });
        expect(await balance(id)).toEqual({ tokens: most, held: 0 });
      });

      it("refuses a grant that is not a positive safe integer", async () => {
        const { id } = await create();
        for (const tokens of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
          const granting = store.ledger.grant({ id: "g1", account: id, tokens, reason: "" });
          await expect(granting, String(tokens)).rejects.toBeInstanceOf(RangeError);
          expect(await balance(id), String(tokens)).toEqual({ tokens: 4000, held: 0 });
        }
      });
    });

    describe("questions", () => {
      it("holds the price and keeps the balance until the charge", async () => {
        const { id } = await create();
        const request = question(id);
        expect(await store.ledger.hold(request)).toEqual({ kind: "held" });
        expect(await balance(id)).toEqual({ tokens: 4000, held: 100 });
        const charged = await store.ledger.charge(request.id);
        expect(charged).toEqual({ kind: "charged", balance: { tokens: 3900, held: 0 } });
        expect(await balance(id)).toEqual({ tokens: 3900, held: 0 });
      });

      it("costs nothing when it is released", async () => {
        const { id } = await create();
        const request = question(id);
        await hold(request);
        await store.ledger.release(request.id);
        expect(await balance(id)).toEqual({ tokens: 4000, held: 0 });
        expect(await store.ledger.charge(request.id)).toEqual({ kind: "expired" });
        expect(await balance(id)).toEqual({ tokens: 4000, held: 0 });
      });

      it("is charged once for repeated and concurrent calls", async () => {
        const { id } = await create();
        const request = question(id);
        await hold(request);
        const charges = await Promise.all([1, 2, 3].map(() => store.ledger.charge(request.id)));
        charges.push(await store.ledger.charge(request.id));
        await store.ledger.release(request.id);
        charges.push(await store.ledger.charge(request.id));
        const once = { kind: "charged", balance: { tokens: 3900, held: 0 } };
        expect(charges).toEqual(charges.map(() => once));
        expect(await balance(id)).toEqual({ tokens: 3900, held: 0 });
      });

      it("stays charged when it is released during its charge", async () => {
        const { id } = await create();
        const request = question(id);
        await hold(request);
        const charge = store.ledger.charge(request.id);
        await store.ledger.release(request.id);
        expect((await charge).kind).toBe("charged");
        expect(await balance(id)).toEqual({ tokens: 3900, held: 0 });
      });

      it("charges nothing for an unknown hold", async () => {
        await store.ledger.release(randomUUID());
        expect(await store.ledger.charge(randomUUID())).toEqual({ kind: "expired" });
      });

      it("holds exactly what the balance allows for sixty concurrent questions", async () => {
        const { id } = await create("jane", 4000);
        const requests = Array.from({ length: 60 }, () => question(id));
        const outcomes = await Promise.all(requests.map((request) => store.ledger.hold(request)));
        const held = requests.filter((_, index) => outcomes[index]?.kind === "held");
        expect(held).toHaveLength(40);
        const refused = outcomes.filter(({ kind }) => kind !== "held");
        expect(refused).toEqual(refused.map(() => expect.objectContaining({ kind: "all_held" })));
        expect(await balance(id)).toEqual({ tokens: 4000, held: 4000 });

        const charges = await Promise.all(held.map((request) => store.ledger.charge(request.id)));
        expect(charges.every(({ kind }) => kind === "charged")).toBe(true);
        expect(await balance(id)).toEqual({ tokens: 0, held: 0 });
        expect(await store.ledger.hold(question(id))).toEqual({
          kind: "insufficient",
          balance: { tokens: 0, held: 0 },
        });
      });

      it("distinguishes a balance that is too low from one that is held", async () => {
        const { id } = await create("jane", 150);
        const request = question(id);
        expect(await hold(request)).toBe("held");
        const second = await store.ledger.hold(question(id));
        expect(second).toEqual({ kind: "all_held", balance: { tokens: 150, held: 100 } });
        await store.ledger.charge(request.id);
        const third = await store.ledger.hold(question(id));
        expect(third).toEqual({ kind: "insufficient", balance: { tokens: 50, held: 0 } });
      });

      it("keeps accounts separate", async () => {
        const [jane, john] = [await create("jane", 200), await create("john", 200)];
        const request = question(jane.id, { key: "key" });
        await hold(request);
        expect(await hold(question(john.id, { key: "key", digest: "another" }))).toBe("held");
        await store.ledger.charge(request.id);
        expect(await balance(jane.id)).toEqual({ tokens: 100, held: 0 });
        expect(await balance(john.id)).toEqual({ tokens: 200, held: 100 });
      });

      it("charges nothing after its hold has expired, and frees what it held", async () => {
        const { id } = await create("jane", 100);
        const request = question(id, { key: "key" });
        await hold(request);
        await fixture.advance(130_000);
        expect(await store.ledger.charge(request.id)).toEqual({ kind: "expired" });
        expect(await balance(id)).toEqual({ tokens: 100, held: 0 });
        expect(await hold(question(id, { key: "key" }))).toBe("held");
      });

      it("can be asked again after an open hold has expired", async () => {
        const { id } = await create("jane", 100);
        await hold(question(id, { key: "key" }));
        await fixture.advance(129_000);
        expect(await hold(question(id))).toBe("all_held");
        await fixture.advance(1000);
        expect(await hold(question(id, { key: "key" }))).toBe("held");
      });
    });

    describe("keys", () => {
      it("refuses the same key with another question, in flight and charged, even without tokens", async () => {
        const { id } = await create("jane", 100);
        const request = question(id, { key: "key" });
        await hold(request);
        expect(await hold(question(id, { key: "key", digest: "other" }))).toBe("key_reused");
        await store.ledger.charge(request.id);
        expect(await hold(question(id, { key: "key", digest: "other" }))).toBe("key_reused");
      });

      it("holds nothing for a limited account, and answers its keys that are known", async () => {
        const { id } = await create();
        const limited = { limited: true } as const;
        expect(await hold(question(id, limited))).toBe("limited");
        const first = question(id, { key: "key" });
        expect(await hold({ ...first, ...limited })).toBe("limited");
        expect(await balance(id)).toEqual({ tokens: 4000, held: 0 });
        expect(await hold(first)).toBe("held");
        expect(await hold(question(id, { key: "key", ...limited }))).toBe("in_flight");
        await store.ledger.charge(first.id);
        expect(await hold(question(id, { key: "key", digest: "other", ...limited }))).toBe("key_reused");
        const again = question(id, { key: "key", ...limited });
        expect(await hold(again)).toBe("paid");
        await store.ledger.charge(again.id);
        expect(await hold(question(id, { key: "key", ...limited }))).toBe("answer_expired");
        expect(await balance(id)).toEqual({ tokens: 3900, held: 0 });
      });

      it("takes no key of a limited account whose hold or charge has expired", async () => {
        const { id } = await create();
        await hold(question(id, { key: "held" }));
        await chargeKey(id, "charged");
        await fixture.advance(DAY + HOUR);
        expect(await hold(question(id, { key: "held", limited: true }))).toBe("limited");
        expect(await hold(question(id, { key: "charged", limited: true }))).toBe("limited");
        expect(await balance(id)).toEqual({ tokens: 3900, held: 0 });
      });

      it("refuses the same key while its question is in flight, and while its charge is", async () => {
        const { id } = await create();
        const request = question(id, { key: "key" });
        await hold(request);
        expect(await hold(question(id, { key: "key" }))).toBe("in_flight");
        const charge = store.ledger.charge(request.id);
        const during = await hold(question(id, { key: "key" }));
        await charge;
        expect(["in_flight", "paid"]).toContain(during);
      });

      it("accepts one of many concurrent questions with the same key", async () => {
        const { id } = await create();
        const kinds = await Promise.all(Array.from({ length: 10 }, () => hold(question(id, { key: "key" }))));
        expect(kinds.filter((kind) => kind === "held")).toHaveLength(1);
        expect(kinds.filter((kind) => kind === "in_flight")).toHaveLength(9);
        expect(await balance(id)).toEqual({ tokens: 4000, held: 100 });
      });

      it("runs as a new question after a release", async () => {
        const { id } = await create();
        const request = question(id, { key: "key" });
        await hold(request);
        await store.ledger.release(request.id);
        expect(await hold(question(id, { key: "key", digest: "other" }))).toBe("held");
      });

      it("answers a charged key once more for nothing, even at a balance of 0", async () => {
        const { id } = await create("jane", 100);
        expect(await chargeKey(id, "key")).toBe("held");
        const again = question(id, { key: "key" });
        expect(await hold(again)).toBe("paid");
        expect(await balance(id)).toEqual({ tokens: 0, held: 0 });
        expect(await hold(question(id, { key: "key" }))).toBe("in_flight");
        expect(await store.ledger.charge(again.id)).toEqual({
          kind: "charged",
          balance: { tokens: 0, held: 0 },
        });
        expect(await hold(question(id, { key: "key" }))).toBe("answer_expired");
        expect(await hold(question(id, { key: "key", digest: "other" }))).toBe("key_reused");
      });

      it("tells what a charged key cost then, and its model, whatever is asked now", async () => {
        const { id } = await create();
        const model = fixture.models ? "large" : undefined;
        const first = question(id, { key: "key", price: 250, model: "large" });
        await store.ledger.hold(first);
        await store.ledger.charge(first.id);
        const free = question(id, { key: "free", price: 0, model: "small" });
        await store.ledger.hold(free);
        await store.ledger.charge(free.id);
        await restart();
        expect(await store.ledger.hold(question(id, { key: "free" }))).toEqual({
          kind: "paid",
          cost: 0,
          model: fixture.models ? "small" : undefined,
        });
        const again = question(id, { key: "key" });
        expect(await store.ledger.hold(again)).toEqual({ kind: "paid", cost: 250, model });
        await store.ledger.charge(again.id);
        const spent = { kind: "answer_expired", cost: 250, model };
        expect(await store.ledger.hold(question(id, { key: "key" }))).toEqual(spent);
        await restart();
        expect(await store.ledger.hold(question(id, { key: "key" }))).toEqual(spent);
        expect(await balance(id)).toEqual({ tokens: 3750, held: 0 });
      });

      it("does not use up the second answer when that question fails or expires", async () => {
        const { id } = await create();
        await chargeKey(id, "key");
        const failed = question(id, { key: "key" });
        expect(await hold(failed)).toBe("paid");
        await store.ledger.release(failed.id);
        const late = question(id, { key: "key" });
        expect(await hold(late)).toBe("paid");
        await fixture.advance(130_000);
        expect(await store.ledger.charge(late.id)).toEqual({ kind: "expired" });
        expect(await hold(question(id, { key: "key" }))).toBe("paid");
      });

      it("forgets a key 24 hours after its charge, and not earlier", async () => {
        const { id } = await create();
        await chargeKey(id, "key");
        await fixture.advance(DAY - 60_000);
        const late = question(id, { key: "key" });
        expect(await hold(late)).toBe("paid");
        await store.ledger.release(late.id);
        await fixture.advance(60_000);
        expect(await hold(question(id, { key: "key", digest: "other" }))).toBe("held");
      });

      it("counts the 24 hours from the charge, also when it was asked again", async () => {
        const { id } = await create();
        await chargeKey(id, "key");
        await fixture.advance(23 * HOUR);
        expect(await chargeKey(id, "key")).toBe("paid");
        await fixture.advance(HOUR);
        expect(await chargeKey(id, "key")).toBe("held");
        expect(await balance(id)).toEqual({ tokens: 3800, held: 0 });
        expect(await hold(question(id, { key: "key" }))).toBe("paid");
      });

      it("charges nothing for a second answer whose key was forgotten before it came", async () => {
        const { id } = await create();
        await chargeKey(id, "key");
        await fixture.advance(DAY - 1000);
        const again = question(id, { key: "key" });
        expect(await hold(again)).toBe("paid");
        await fixture.advance(1000);
        expect((await store.ledger.charge(again.id)).kind).toBe("charged");
        expect(await balance(id)).toEqual({ tokens: 3900, held: 0 });
      });
    });

    describe("usage", () => {
      it("counts charged questions and tokens per UTC day, oldest first, with days without use", async () => {
        const { id } = await create();
        const date = (ago: number) => new Date(fixture.now() - ago * DAY).toISOString().slice(0, 10);
        await chargeKey(id, "one");
        await chargeKey(id, "one");
        await fixture.advance(2 * DAY);
        await chargeKey(id, "two");
        await chargeKey(id, "three");
        await hold(question(id));
        expect(await store.ledger.usage(id, 4)).toEqual([
          { date: date(3), questions: 0, tokens: 0 },
          { date: date(2), questions: 1, tokens: 100 },
          { date: date(1), questions: 0, tokens: 0 },
          { date: date(0), questions: 2, tokens: 200 },
        ]);
        expect(await store.ledger.usage(id, 1)).toEqual([{ date: date(0), questions: 2, tokens: 200 }]);
        expect(await store.ledger.usage(id, 90)).toHaveLength(90);
      });

      it("keeps 90 days, including today", async () => {
        const { id } = await create();
        await chargeKey(id, "old");
        await fixture.advance(89 * DAY);
        await chargeKey(id, "new");
        expect((await store.ledger.usage(id, 90))[0]).toMatchObject({ questions: 1 });
        await fixture.advance(DAY);
        expect((await store.ledger.usage(id, 90))[0]).toMatchObject({ questions: 0 });
      });
    });

    describe("after a restart", () => {
      it("has every account unchanged", async () => {
        const { id } = await create("Jane", 4000);
        await store.accounts.setPassword({ account: id, generation: 1, passwordHash: "$2b$second" });
        await store.accounts.setDisabled(id, true);
        await store.accounts.revoke({ account: id, jti: "gone", expires: fixture.now() + DAY });
        await store.ledger.grant({ id: "g1", account: id, tokens: 50, reason: "thanks" });
        await chargeKey(id, "one");
        const before = [
          await store.accounts.byName("jane"),
          await store.accounts.session(id, "gone"),
          await balance(id),
          await store.ledger.usage(id, 7),
        ];
        await restart();
        const after = [
          await store.accounts.byName("jane"),
          await store.accounts.session(id, "gone"),
          await balance(id),
          await store.ledger.usage(id, 7),
        ];
        expect(after).toEqual(before);
        expect((await store.accounts.create({ name: "JANE", passwordHash: "x", tokens: 1 })).kind).toBe(
          "taken",
        );
      });

      it("knows charged keys, and whether they were answered again", async () => {
        const { id } = await create();
        await chargeKey(id, "once");
        await chargeKey(id, "twice");
        await chargeKey(id, "twice");
        await restart();
        expect(await hold(question(id, { key: "once", digest: "other" }))).toBe("key_reused");
        expect(await hold(question(id, { key: "once" }))).toBe("paid");
        expect(await hold(question(id, { key: "twice" }))).toBe("answer_expired");
      });

      it("signs with the same secret", async () => {
        expect(await store.storedSecret()).toBeUndefined();
        const secret = await store.signingSecret();
        expect((await store.storedSecret())?.equals(secret)).toBe(true);
        expect(secret.length).toBeGreaterThanOrEqual(32);
        await restart();
        expect((await store.signingSecret()).equals(secret)).toBe(true);
      });
    });

    it("frees the holds of a killed server, at once or when they expire", async () => {
      const { id } = await create("jane", 100);
      await hold(question(id, { key: "key" }));
      await restart();
      expect(await hold(question(id, { key: "key" }))).toBe(fixture.keepsHolds ? "in_flight" : "held");
      await fixture.advance(130_000);
      expect(await balance(id)).toEqual({ tokens: 100, held: 0 });
    });

    it("is ready while it serves, and finishes running calls when it closes", async () => {
      const { id } = await create();
      expect(await store.ready()).toBe(true);
      const request = question(id);
      await hold(request);
      const charge = store.ledger.charge(request.id);
      const closing = store.close();
      expect(store.close()).toBe(closing);
      expect((await charge).kind).toBe("charged");
      await closing;
      store = await fixture.open();
      expect(await balance(id)).toEqual({ tokens: 3900, held: 0 });
    });

    it("describes itself without secrets", () => {
      expect(store.description).toMatch(/\S/);
      expect(store.description).not.toMatch(/password|:[^/@\s]+@/);
    });
  });
}
