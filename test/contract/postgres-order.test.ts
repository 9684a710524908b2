import { beforeEach, describe, expect, it } from "vitest";
import type { AccountId } from "../../src/server/core/ports.ts";
import type { Store } from "../../src/server/core/store.ts";
import { StartupError } from "../../src/server/core/startup-error.ts";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { openPlaces } from "../support/postgres-places.ts";
import { createAccount, question, unhurried } from "../support/postgres-store.ts";
import { createUser } from "../support/postgres-user.ts";
import { noOwnPostgres, noPostgres, skipped, type Place } from "../support/postgres.ts";

describe.skipIf(noPostgres)(`the order of facts in Postgres${skipped(noPostgres)}`, () => {
  const places = openPlaces();
  let place: Place;
  beforeEach(() => ({ place } = places));

  async function open(url = place.url): Promise<Store> {
    const store = await openPostgresStore({ url, ...unhurried, waitSeconds: 0, warn: () => {} });
    places.closers.push(() => store.close());
    return store;
  }

  /** The account's facts by their number. */
  const facts = (account: AccountId) =>
    place.query<{ kind: string; tokens: number; balance: number }>(
      "SELECT kind, tokens::int4, balance::int4 FROM chat_ledger WHERE account = $1 AND n IS NOT NULL ORDER BY n",
      [account],
    );

  it("is that of the balances when 64 questions of each account are charged at once by two servers", async () => {
    const stores = [await open(), await open()];
    const people = [await createAccount(stores[0]!, 10_000), await createAccount(stores[0]!, 10_000)];
    const questions = people.flatMap((person) =>
      Array.from({ length: 64 }, (_, index) => question(person, { price: index + 1 })),
    );
    const ledgerOf = (index: number) => stores[index % 2]!.ledger;
    await Promise.all(questions.map((asked, index) => ledgerOf(index).hold(asked)));
    await Promise.all(questions.map(({ id }, index) => ledgerOf(index).charge(id)));
    for (const { id } of people) {
      const rows = await facts(id);
      expect(rows).toHaveLength(65);
      expect(rows[0]).toEqual({ kind: "account", tokens: 10_000, balance: 10_000 });
      let balance = 0;
      for (const row of rows) expect(row.balance).toBe((balance += row.tokens));
    }
  });

  it.skipIf(noOwnPostgres)(
    "needs a right that every user has, and a start names it if it was taken",
    async () => {
      const { url, name } = await createUser(places);
      await createAccount(await open(url));
      await place.query("REVOKE USAGE ON SEQUENCE chat_ledger_n FROM PUBLIC");
      const refused = await open(url).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(StartupError);
      const { message, hint } = refused as StartupError;
      expect(message).toContain("USAGE ON SEQUENCE chat_ledger_n");
      await place.query(hint.slice(hint.indexOf("GRANT")).replaceAll("NAME", name));
      await createAccount(await open(url));
    },
  );
});
