import { createHash, randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { API_KEYS, type ApiKey, type NewApiKey } from "../../src/server/core/api-keys.ts";
import type { HoldRequest, KeyUse } from "../../src/server/core/ports.ts";
import type { Store } from "../../src/server/core/store.ts";
import { useStore, type StoreFixture } from "./store-fixture.ts";

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const act = { reason: "as asked", by: "ops" };

/** What every store promises about API keys. One suite, run unchanged against each. Its clock begins on a Sunday at 10:00. */
export function apiKeysContract(name: string, place: () => Promise<StoreFixture>): void {
  describe(`API keys in ${name}`, () => {
    let fixture: StoreFixture;
    let store: Store;
    let jane: string;

    const {
      restart,
      create: createAccount,
      question: questionOf,
    } = useStore(place, (opened) => ({ fixture, store } = opened));

    beforeEach(async () => {
      jane = await account("jane");
    });

    /** What holds now, and after a restart. */
    async function always(check: () => Promise<void>): Promise<void> {
      await check();
      await restart();
      await check();
    }

    const account = async (name: string, tokens?: number) => (await createAccount(name, tokens)).id;

    function keys() {
      if (!store.apiKeys) throw new Error("the store has no API keys");
      return store.apiKeys;
    }

    const newKey = (more: Partial<NewApiKey> = {}): NewApiKey => {
      const id = randomUUID();
      const digest = createHash("sha256").update(id).digest("hex");
      return { id, account: jane, name: "ci", digest, limit: null, expires: null, ...more };
    };

    async function create(more: Partial<NewApiKey> = {}): Promise<ApiKey> {
      const made = await keys().create(newKey(more));
      if (made.kind !== "created") throw new Error(made.kind);
      return made.key;
    }

    const question = (more?: Partial<HoldRequest>) => questionOf(jane, more);

    const hold = async (more: Partial<HoldRequest>) => (await store.ledger.hold(question(more))).kind;

    /** Opens a hold; resolves to its id. */
    async function begin(more: Partial<HoldRequest>): Promise<string> {
      const request = question(more);
      expect(await store.ledger.hold(request)).toEqual({ kind: "held" });
      return request.id;
    }

    async function ask(more: Partial<HoldRequest>): Promise<void> {
      expect(await store.ledger.charge(await begin(more))).toMatchObject({ kind: "charged" });
    }

    const listed = async (of = jane) => (await keys().list(of)).map((key) => key.name);
    const found = async ({ digest }: NewApiKey) => (await keys().byDigest(digest))?.key;
    const spent = async (key: ApiKey) => (await found(key))?.spent;

    async function usage(days: number, by: "key" | "model"): Promise<KeyUse[]> {
      const sums = (await store.ledger.usageBy?.(jane, days, by)) ?? [];
      return sums.sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1));
    }

    describe("as they are made", () => {
      it("are listed, oldest first, and found by their digest", async () => {
        const limit = { per: "week", tokens: 1000 } as const;
        const given = newKey({ name: "CI of jane", limit, expires: fixture.now() + DAY });
        const at = fixture.now();
        const made = await keys().create(given);
        const key = { ...given, at, spent: 0, lastUsed: null };
        expect(made).toEqual({ kind: "created", key });
        await fixture.advance(1000);
        const other = await create({ name: "another" });
        expect(other).toMatchObject({ at: at + 1000, limit: null, expires: null });
        await create({ name: "CI of john", account: await account("john") });
        await always(async () => {
          expect(await keys().list(jane)).toEqual([key, other]);
          expect(await keys().byDigest(key.digest)).toEqual({
            key,
            account: { id: jane, name: "jane", passwordHash: "$2b$hash", generation: 1, disabled: false },
          });
          expect(await keys().byDigest("0".repeat(64))).toBeUndefined();
          expect(await keys().list("nobody")).toEqual([]);
          expect((await store.operations.account("jane"))?.apiKeys).toBe(2);
        });
      });

      it("have a name that no other one of the account has, in any case", async () => {
        await create({ name: "ci" });
        const john = await account("john");
        await always(async () => {
          expect(await keys().create(newKey({ name: "CI" }))).toEqual({ kind: "taken" });
          expect(await listed()).toEqual(["ci"]);
        });
        await create({ name: "CI", account: john });
        expect(await listed(john)).toEqual(["CI"]);
      });

      it("have an id and a digest that no other one has", async () => {
        const { id, digest } = await create();
        const john = await account("john");
        await always(async () => {
          expect(await keys().create(newKey({ id, account: john }))).toEqual({ kind: "taken" });
          expect(await keys().create(newKey({ digest, account: john }))).toEqual({ kind: "taken" });
          expect(await listed(john)).toEqual([]);
        });
      });

      it("get their name once if many are made at the same moment", async () => {
        const made = await Promise.all([1, 2, 3, 4].map(() => keys().create(newKey())));
        expect(made.map(({ kind }) => kind).sort()).toEqual(["created", "taken", "taken", "taken"]);
        const twice = newKey({ name: "twice" });
        const same = await Promise.all([keys().create(twice), keys().create({ ...twice, name: "other" })]);
        expect(same.map(({ kind }) => kind).sort()).toEqual(["created", "taken"]);
        await restart();
        expect(await listed()).toHaveLength(2);
      });

      it("are not more than an account may have", async () => {
        for (let index = 0; index < API_KEYS - 1; index += 1) await create({ name: `key ${index}` });
        const last = await Promise.all(["a", "b"].map((own) => keys().create(newKey({ name: own }))));
        expect(last.map(({ kind }) => kind).sort()).toEqual(["created", "too_many"]);
        await restart();
        expect(await keys().create(newKey({ name: "more" }))).toEqual({ kind: "too_many" });
        const [first] = await keys().list(jane);
        await keys().revoke(jane, first?.id ?? "");
        expect(await keys().create(newKey({ name: "more" }))).toMatchObject({ kind: "created" });
      });

      it("are not made for a deleted account", async () => {
        await store.operations.remove(jane, act);
        expect(await keys().create(newKey())).toEqual({ kind: "unknown" });
      });
    });

    describe("that are ended", () => {
      it("are in no list, found by no digest, and may not ask", async () => {
        const [key, other] = [await create({ name: "one" }), await create({ name: "two" })];
        expect(await keys().revoke(jane, key.id)).toEqual({ kind: "revoked" });
        await always(async () => {
          expect(await listed()).toEqual(["two"]);
          expect(await found(key)).toBeUndefined();
          expect(await hold({ apiKey: key.id })).toBe("key_ended");
          expect(await hold({ apiKey: other.id })).toBe("held");
          expect(await keys().revoke(jane, key.id)).toEqual({ kind: "unknown" });
          expect((await store.operations.account("jane"))?.apiKeys).toBe(1);
        });
        expect(await keys().create(newKey({ digest: key.digest }))).toEqual({ kind: "taken" });
        expect((await create({ name: "ONE" })).name).toBe("ONE");
      });

      it("are only those of the account that ends them, and end once", async () => {
        const key = await create();
        const john = await account("john");
        expect(await keys().revoke(john, key.id)).toEqual({ kind: "unknown" });
        expect(await keys().revoke(jane, "none")).toEqual({ kind: "unknown" });
        const told = await Promise.all([1, 2, 3].map(() => keys().revoke(jane, key.id)));
        expect(told.map(({ kind }) => kind).sort()).toEqual(["revoked", "unknown", "unknown"]);
        await restart();
        expect(await listed()).toEqual([]);
      });

      it("pay for the question that they have asked", async () => {
        const key = await create();
        const asked = await begin({ apiKey: key.id });
        await keys().revoke(jane, key.id);
        expect(await store.ledger.charge(asked)).toEqual({
          kind: "charged",
          balance: { tokens: 3900, held: 0 },
        });
        await always(async () => {
          expect(await usage(1, "key")).toEqual([{ name: "ci", questions: 1, tokens: 100 }]);
        });
      });

      it("are those of an account that sets a password, if it says so", async () => {
        const john = await account("john");
        const [key, johns] = [await create(), await create({ account: john })];
        const set = (generation: number, endsKeys?: boolean) =>
          store.accounts.setPassword({ account: jane, generation, passwordHash: "$2b$new", endsKeys });
        expect(await set(1)).toMatchObject({ kind: "set" });
        expect(await set(1, true)).toEqual({ kind: "changed" });
        expect(await found(key)).toBeDefined();
        expect(await set(2, true)).toMatchObject({ kind: "set", account: { generation: 3 } });
        await always(async () => {
          expect(await listed()).toEqual([]);
          expect(await found(key)).toBeUndefined();
          expect(await hold({ apiKey: key.id })).toBe("key_ended");
          expect(await found(johns)).toBeDefined();
        });
        expect((await create()).name).toBe("ci");
      });

      it("are those of an account whose password the operator sets", async () => {
        const key = await create();
        await store.operations.setPassword(jane, "$2b$new", act);
        await always(async () => {
          expect(await listed()).toEqual([]);
          expect(await hold({ apiKey: key.id })).toBe("key_ended");
        });
      });

      it("are those of a deleted account, whose questions are still charged", async () => {
        const key = await create();
        const asked = await begin({ apiKey: key.id });
        await store.operations.remove(jane, act);
        expect(await found(key)).toBeUndefined();
        expect(await store.ledger.charge(asked)).toMatchObject({ kind: "charged" });
        await always(async () => {
          expect(await found(key)).toBeUndefined();
          expect(await listed()).toEqual([]);
        });
      });

      it("are not those of a disabled account", async () => {
        const { digest } = await create();
        await store.operations.setDisabled(jane, true, act);
        expect((await keys().byDigest(digest))?.account.disabled).toBe(true);
        await restart();
        await store.operations.setDisabled(jane, false, act);
        expect((await keys().byDigest(digest))?.account.disabled).toBe(false);
        expect(await listed()).toEqual(["ci"]);
      });
    });

    it("may ask until they expire", async () => {
      const key = await create({ expires: fixture.now() + HOUR });
      await fixture.advance(HOUR - 1);
      const asked = await begin({ apiKey: key.id });
      await fixture.advance(1);
      expect(await hold({ apiKey: key.id })).toBe("key_ended");
      expect(await store.ledger.charge(asked)).toMatchObject({ kind: "charged" });
      await always(async () => {
        expect(await listed()).toEqual(["ci"]);
        expect(await found(key)).toMatchObject({ spent: 100, expires: key.expires });
      });
    });

    it("may not ask for another account", async () => {
      const john = await account("john");
      const key = await create();
      expect(await hold({ account: john, apiKey: key.id })).toBe("key_ended");
      expect(await hold({ apiKey: "none" })).toBe("key_ended");
      expect(await store.ledger.balance(john)).toEqual({ tokens: 4000, held: 0 });
    });

    describe("and what they spend", () => {
      it("is what was charged, not what is held", async () => {
        const [key, other] = [await create({ name: "one" }), await create({ name: "two" })];
        await ask({ apiKey: key.id });
        await fixture.advance(HOUR);
        await ask({ apiKey: key.id, price: 150, key: "k" });
        const at = fixture.now();
        await fixture.advance(1000);
        await store.ledger.release(await begin({ apiKey: key.id }));
        const again = question({ apiKey: key.id, price: 150, key: "k" });
        expect(await store.ledger.hold(again)).toMatchObject({ kind: "paid" });
        await store.ledger.charge(again.id);
        await ask({});
        const open = await begin({ apiKey: key.id });
        expect(await found(key)).toMatchObject({ spent: 250, lastUsed: at });
        await store.ledger.release(open);
        await always(async () => {
          expect(await found(key)).toMatchObject({ spent: 250, lastUsed: at });
          expect(await found(other)).toMatchObject({ spent: 0, lastUsed: null });
          expect((await keys().list(jane)).map((own) => own.spent)).toEqual([250, 0]);
        });
      });

      it("is at most its limit, with what is held", async () => {
        const limit = { tokens: 1000, per: "day" } as const;
        const key = await create({ limit });
        const other = await create({ name: "other", limit });
        await ask({ apiKey: key.id });
        const asked = Array.from({ length: 30 }, () => question({ apiKey: key.id }));
        const outcomes = await Promise.all(asked.map((one) => store.ledger.hold(one)));
        expect(outcomes.map(({ kind }) => kind).sort()).toEqual([
          ...Array.from({ length: 9 }, () => "held"),
          ...Array.from({ length: 21 }, () => "key_limit"),
        ]);
        const ends = Date.parse("2026-11-23T00:00:00Z");
        const refused = { kind: "key_limit", name: "ci", limit, ends, balance: { tokens: 3900, held: 900 } };
        expect(await store.ledger.hold(question({ apiKey: key.id, price: 1 }))).toEqual(refused);
        expect(await hold({ apiKey: other.id })).toBe("held");
        const held = asked.filter((_, index) => outcomes[index]?.kind === "held");
        const [first, ...others] = held.map(({ id }) => id);
        await store.ledger.release(first ?? "");
        await Promise.all(others.map((id) => store.ledger.charge(id)));
        await always(async () => {
          expect(await spent(key)).toBe(900);
          expect(await hold({ apiKey: key.id, price: 101 })).toBe("key_limit");
        });
        await ask({ apiKey: key.id });
        expect(await hold({ apiKey: key.id, price: 1 })).toBe("key_limit");
        expect(await hold({ apiKey: key.id, price: 0 })).toBe("held");
        expect(await hold({})).toBe("held");
      });

      it("is given back when a hold expires", async () => {
        const key = await create({ limit: { tokens: 200, per: "month" } });
        await begin({ apiKey: key.id });
        await begin({ apiKey: key.id });
        await fixture.advance(129_999);
        expect(await hold({ apiKey: key.id })).toBe("key_limit");
        await fixture.advance(1);
        expect(await hold({ apiKey: key.id })).toBe("held");
      });

      for (const { per, ends } of [
        { per: "day", ends: "2026-11-23T00:00:00Z" },
        { per: "week", ends: "2026-11-30T00:00:00Z" },
        { per: "month", ends: "2026-12-01T00:00:00Z" },
      ] as const)
        it(`is counted anew with each ${per}`, async () => {
          // A Monday, except for the day.
          if (per !== "day") await fixture.advance(DAY);
          const end = Date.parse(ends);
          const key = await create({ limit: { tokens: 200, per } });
          await ask({ apiKey: key.id, price: 150 });
          await fixture.advance(end - 1 - fixture.now());
          expect(await store.ledger.hold(question({ apiKey: key.id }))).toMatchObject({
            kind: "key_limit",
            ends: end,
          });
          const asked = await begin({ apiKey: key.id, price: 50 });
          expect(await spent(key)).toBe(150);
          await fixture.advance(1);
          expect(await spent(key)).toBe(0);
          // Asked before, held now.
          expect(await hold({ apiKey: key.id, price: 151 })).toBe("key_limit");
          await store.ledger.charge(asked);
          await always(async () => {
            expect(await spent(key)).toBe(50);
            expect(await hold({ apiKey: key.id, price: 151 })).toBe("key_limit");
          });
          await ask({ apiKey: key.id, price: 150 });
        });

      it("is of the month if it has no limit", async () => {
        const key = await create();
        await ask({ apiKey: key.id, price: 150 });
        await fixture.advance(8 * DAY);
        await ask({ apiKey: key.id });
        expect(await spent(key)).toBe(250);
        await fixture.advance(DAY);
        await always(async () => expect(await spent(key)).toBe(0));
      });

      it("counts again if the clock is set back to a period in which it was spent", async () => {
        const key = await create({ limit: { tokens: 200, per: "day" } });
        await ask({ apiKey: key.id, price: 200 });
        await fixture.advance(DAY);
        await ask({ apiKey: key.id });
        await fixture.advance(-DAY);
        await always(async () => {
          expect(await spent(key)).toBe(200);
          expect(await hold({ apiKey: key.id })).toBe("key_limit");
        });
      });

      it("does not count for a repeat of what was charged, which an ended key gets, too", async () => {
        const key = await create({ limit: { tokens: 100, per: "day" } });
        await ask({ apiKey: key.id, key: "k" });
        expect(await hold({ apiKey: key.id, key: "other" })).toBe("key_limit");
        const again = question({ apiKey: key.id, key: "k" });
        expect(await store.ledger.hold(again)).toMatchObject({ kind: "paid", cost: 100 });
        await store.ledger.release(again.id);
        await keys().revoke(jane, key.id);
        expect(await hold({ apiKey: key.id, key: "k", digest: "other" })).toBe("key_reused");
        expect(await hold({ apiKey: key.id, key: "k" })).toBe("paid");
        expect(await hold({ apiKey: key.id, key: "k" })).toBe("in_flight");
      });

      it("is refused for the key before it is for the balance", async () => {
        const poor = await account("poor", 50);
        const key = await create({ account: poor, limit: { tokens: 60, per: "day" } });
        const of = { account: poor, apiKey: key.id };
        expect(await hold({ ...of, price: 61 })).toBe("key_limit");
        expect(await hold({ ...of, price: 60 })).toBe("insufficient");
        await begin({ ...of, price: 40 });
        expect(await hold({ ...of, price: 20 })).toBe("all_held");
        await keys().revoke(poor, key.id);
        expect(await hold({ ...of, price: 60 })).toBe("key_ended");
      });
    });

    describe("in the usage of the account", () => {
      it("have the sums of what they asked, beside what tokens asked", async () => {
        expect(await usage(90, "key")).toEqual([]);
        const [one, two] = [await create({ name: "one" }), await create({ name: "two" })];
        await create({ name: "unused" });
        await ask({ apiKey: one.id });
        await fixture.advance(DAY);
        for (const price of [100, 150]) await ask({ apiKey: one.id, price });
        await ask({ apiKey: two.id });
        for (const price of [100, 200, 300]) await ask({ price });
        await keys().revoke(jane, two.id);
        await store.ledger.release(await begin({ apiKey: one.id }));
        const today = [
          { name: null, questions: 3, tokens: 600 },
          { name: "one", questions: 2, tokens: 250 },
          { name: "two", questions: 1, tokens: 100 },
        ];
        await always(async () => {
          expect(await usage(1, "key")).toEqual(today);
          expect(await usage(2, "key")).toEqual([
            { name: null, questions: 3, tokens: 600 },
            { name: "one", questions: 3, tokens: 350 },
            { name: "two", questions: 1, tokens: 100 },
          ]);
        });
        await ask({ apiKey: (await create({ name: "two" })).id });
        expect((await usage(1, "key"))[2]).toEqual({ name: "two", questions: 2, tokens: 200 });
        await fixture.advance(89 * DAY);
        await always(async () => {
          const [tokens, ...byKeys] = await usage(90, "key");
          expect([tokens, ...byKeys]).toEqual([
            today[0],
            today[1],
            { ...today[2], questions: 2, tokens: 200 },
          ]);
          expect(await usage(89, "key")).toEqual([]);
        });
      });

      it("are beside the sums of each model", async () => {
        // The first key makes every store name models.
        const { id: apiKey } = await create();
        expect(await usage(90, "model")).toEqual([]);
        await ask({ model: "large", price: 300 });
        await ask({ model: "small", apiKey });
        await fixture.advance(DAY);
        await ask({ model: "small" });
        const john = await account("john");
        await ask({ account: john, model: "large" });
        await always(async () => {
          expect(await usage(1, "model")).toEqual([{ name: "small", questions: 1, tokens: 100 }]);
          expect(await usage(2, "model")).toEqual([
            { name: "large", questions: 1, tokens: 300 },
            { name: "small", questions: 2, tokens: 200 },
          ]);
        });
      });
    });
  });
}
