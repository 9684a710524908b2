import { describe, expect, it } from "vitest";
import type { RefillSetting } from "../../src/protocol/refill.ts";
import type { Store } from "../../src/server/core/store.ts";
import { useStore, type StoreFixture } from "./store-fixture.ts";

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

const daily: RefillSetting = { tokens: 1000, period: "day", cap: 4000 };

/** What every store promises about refills. One suite, run unchanged against each. The clock begins on a Sunday at 10:00. */
export function refillContract(name: string, place: () => Promise<StoreFixture>): void {
  describe(`refills in ${name}`, () => {
    let fixture: StoreFixture;
    let store: Store;

    const {
      restart: reopen,
      create: createAccount,
      question,
    } = useStore(place, (opened) => ({ fixture, store } = opened));

    async function restart(setting: Parameters<Store["setRefill"]>[0]): Promise<void> {
      await reopen();
      await store.setRefill(setting);
    }

    const create = async (tokens: number, name?: string) => (await createAccount(name, tokens)).id;

    async function spend(account: string, price: number): Promise<void> {
      const asked = question(account, { price });
      expect(await store.ledger.hold(asked)).toEqual({ kind: "held" });
      await store.ledger.charge(asked.id);
    }

    const tokens = async (account: string) => (await store.ledger.balance(account)).tokens;
    const midnight = () => Math.ceil(fixture.now() / DAY) * DAY;
    const untilMidnight = () => fixture.advance(midnight() - fixture.now());

    it("are none before they are set, and say nothing of a next one", async () => {
      const jane = await create(500);
      await fixture.advance(40 * DAY);
      expect(await store.ledger.balance(jane)).toEqual({ tokens: 500, held: 0 });
      await store.setRefill(undefined);
      expect(await store.ledger.balance(jane)).toEqual({ tokens: 500, held: 0 });
    });

    it("are those that were stored last, if a server has no setting of its own", async () => {
      await store.setRefill("stored");
      expect(store.refill).toBe(undefined);
      await store.setRefill(daily);
      expect(store.refill).toMatchObject(daily);
      const jane = await create(500);
      await untilMidnight();
      await restart("stored");
      expect(store.refill).toMatchObject(daily);
      expect(await tokens(jane)).toBe(1500);
      await restart(undefined);
      expect(store.refill).toBe(undefined);
      await restart("stored");
      await fixture.advance(DAY);
      expect(await tokens(jane)).toBe(1500);
    });

    it("are those of the last call, if several calls come at the same moment", async () => {
      await store.setRefill(daily);
      const weekly = { tokens: 7000, period: "week", cap: 9000 } as const;
      const calls = [daily, weekly, undefined, weekly, daily, weekly, daily, daily, "stored"] as const;
      await Promise.all(calls.map((setting) => store.setRefill(setting)));
      expect(store.refill).toMatchObject(daily);
      await restart("stored");
      expect(store.refill).toMatchObject(daily);
    });

    it("pay each period once, from the first that begins after the registration", async () => {
      await store.setRefill(daily);
      const jane = await create(500);
      const next = { tokens: 1000, at: midnight() };
      expect(await store.ledger.balance(jane)).toEqual({ tokens: 500, held: 0, next });
      await fixture.advance(next.at - fixture.now() - 1);
      expect(await tokens(jane)).toBe(500);
      await fixture.advance(1);
      const after = { tokens: 1500, held: 0, next: { tokens: 1000, at: next.at + DAY } };
      for (let time = 0; time < 3; time += 1) expect(await store.ledger.balance(jane)).toEqual(after);
      await restart(daily);
      expect(await store.ledger.balance(jane)).toEqual(after);
    });

    it("are there for the question that comes first, and a refusal says what comes next", async () => {
      await store.setRefill({ ...daily, tokens: 150 });
      const jane = await create(50);
      const next = { tokens: 150, at: midnight() };
      expect(await store.ledger.hold(question(jane))).toEqual({
        kind: "insufficient",
        balance: { tokens: 50, held: 0, next },
      });
      await untilMidnight();
      expect(await store.ledger.hold(question(jane))).toEqual({ kind: "held" });
      expect(await store.ledger.hold(question(jane, { price: 150 }))).toEqual({
        kind: "all_held",
        balance: { tokens: 200, held: 100, next: { tokens: 150, at: next.at + DAY } },
      });
    });

    it("are paid once to questions and balances of the same moment", async () => {
      await store.setRefill(daily);
      const jane = await create(0);
      await untilMidnight();
      const asked = Array.from({ length: 20 }, () => question(jane));
      const kinds = await Promise.all([
        ...asked.map(async (one) => (await store.ledger.hold(one)).kind),
        ...asked.map(async () => String(await tokens(jane))),
      ]);
      expect(kinds.filter((kind) => kind === "held")).toHaveLength(10);
      expect(new Set(kinds)).toEqual(new Set(["held", "all_held", "1000"]));
      await Promise.all(asked.map(({ id }) => store.ledger.charge(id)));
      expect(await tokens(jane)).toBe(0);
    });

    it("pay missed periods together, up to the cap, and lower no balance", async () => {
      await store.setRefill(daily);
      const [poor, rich] = [await create(0, "poor"), await create(9000, "rich")];
      await fixture.advance(3 * DAY);
      expect([await tokens(poor), await tokens(rich)]).toEqual([3000, 9000]);
      await fixture.advance(30 * DAY);
      expect([await tokens(poor), await tokens(rich)]).toEqual([4000, 9000]);
      expect(await store.ledger.balance(rich)).toEqual({ tokens: 9000, held: 0 });
    });

    it("use up a period that meets a full balance", async () => {
      await store.setRefill(daily);
      const jane = await create(4000);
      await fixture.advance(DAY);
      await spend(jane, 3000);
      expect(await tokens(jane)).toBe(1000);
      await restart(daily);
      expect(await tokens(jane)).toBe(1000);
      await fixture.advance(DAY);
      expect(await tokens(jane)).toBe(2000);
    });

    it("have no cap where there is none", async () => {
      await store.setRefill({ tokens: 1000, period: "week", cap: null });
      const jane = await create(9000);
      await untilMidnight();
      expect(await tokens(jane)).toBe(10_000);
      await fixture.advance(6 * DAY);
      expect(await tokens(jane)).toBe(10_000);
      await fixture.advance(DAY);
      expect(await tokens(jane)).toBe(11_000);
    });

    it("follow a changed setting from the next period on, for those who were away too", async () => {
      await store.setRefill(daily);
      const [jane, away] = [await create(0), await create(0, "away")];
      await fixture.advance(DAY);
      expect(await tokens(jane)).toBe(1000);
      await store.setRefill({ ...daily, tokens: 10 });
      await store.setRefill({ ...daily, tokens: 10 });
      expect(await tokens(jane)).toBe(1000);
      await fixture.advance(DAY);
      expect([await tokens(jane), await tokens(away)]).toEqual([1010, 1010]);
      await store.setRefill({ tokens: 7, period: "month", cap: 4000 });
      await fixture.advance(5 * DAY);
      expect([await tokens(jane), await tokens(away)]).toEqual([1010, 1010]);
      // Until December 1.
      await fixture.advance(2 * DAY);
      expect([await tokens(jane), await tokens(away)]).toEqual([1017, 1017]);
    });

    it("pay nothing while they are off, and count anew from the next time", async () => {
      await store.setRefill(daily);
      const jane = await create(0);
      await fixture.advance(DAY);
      await restart(undefined);
      await fixture.advance(DAY);
      expect(await store.ledger.balance(jane)).toEqual({ tokens: 0, held: 0 });
      await restart(daily);
      expect(await tokens(jane)).toBe(0);
      await fixture.advance(DAY);
      expect(await tokens(jane)).toBe(1000);
    });

    it("pay no period twice when the clock goes back, and go on where it was", async () => {
      await store.setRefill({ ...daily, cap: null });
      const jane = await create(0);
      await fixture.advance(3 * DAY);
      expect(await tokens(jane)).toBe(3000);
      await fixture.advance(-2 * DAY);
      expect(await tokens(jane)).toBe(3000);
      await fixture.advance(DAY);
      await restart({ ...daily, cap: null });
      expect(await tokens(jane)).toBe(3000);
      await fixture.advance(3 * DAY);
      expect(await tokens(jane)).toBe(5000);
    });

    it("give nothing to a disabled account", async () => {
      await store.setRefill(daily);
      const jane = await create(0);
      await store.accounts.setDisabled(jane, true);
      await fixture.advance(2 * DAY);
      expect(await store.ledger.balance(jane)).toEqual({ tokens: 0, held: 0 });
    });

    it("count anew for an account that was disabled and is enabled again", async () => {
      await store.setRefill(daily);
      const jane = await create(0);
      const act = { reason: null, by: null };
      await store.operations.setDisabled(jane, true, act);
      await fixture.advance(2 * DAY);
      await store.operations.setDisabled(jane, false, act);
      await restart(daily);
      expect(await tokens(jane)).toBe(0);
      await fixture.advance(DAY);
      expect(await tokens(jane)).toBe(1000);
    });

    it("are shown to the operator while they are due, which pays none", async () => {
      await store.setRefill(daily);
      const [jane, rich] = [await create(500), await create(4000, "rich")];
      await create(0, "gone");
      await fixture.advance(2 * DAY);
      await store.operations.setDisabled((await store.operations.account("gone"))!.id, true, {
        reason: null,
        by: null,
      });
      const shown = async () => {
        const rows = [];
        for await (const page of store.operations.accounts()) rows.push(...page);
        return Object.fromEntries(rows.map(({ username, tokens, due }) => [username, [tokens, due]]));
      };
      const before = { jane: [500, 2000], rich: [4000, 0], gone: [0, 0] };
      expect(await shown()).toEqual(before);
      expect(await shown()).toEqual(before);
      expect(await store.operations.account("JANE")).toMatchObject({ tokens: 500, due: 2000 });
      expect([await tokens(jane), await tokens(rich)]).toEqual([2500, 4000]);
      expect(await shown()).toEqual({ ...before, jane: [2500, 0] });
    });

    it("keep tokens that are held, and charge after the period as before", async () => {
      await store.setRefill(daily);
      const jane = await create(3500);
      await fixture.advance(midnight() - fixture.now() - 1000);
      const asked = question(jane, { price: 3000 });
      await store.ledger.hold(asked);
      await fixture.advance(1000);
      expect(await store.ledger.balance(jane)).toMatchObject({ tokens: 4000, held: 3000 });
      await store.ledger.charge(asked.id);
      expect(await tokens(jane)).toBe(1000);
    });
  });
}
