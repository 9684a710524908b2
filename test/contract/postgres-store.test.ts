import { beforeAll, describe } from "vitest";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { unhurried } from "../support/postgres-store.ts";
import { noPostgres, sharedCluster, type Cluster, skipped } from "../support/postgres.ts";
import { ownClock } from "../support/postgres-clock.ts";
import { apiKeysContract } from "./api-keys-contract.ts";
import { invitesContract } from "./invites-contract.ts";
import { operationsContract } from "./operations-contract.ts";
import { refillContract } from "./refill-contract.ts";
import { storeContract } from "./store-contract.ts";
import type { StoreFixture } from "./store-fixture.ts";
import { storeModel } from "./store-model.ts";

describe.skipIf(noPostgres)(`Postgres${skipped(noPostgres)}`, () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await sharedCluster();
  });

  /** A place whose clock stands still until the test moves it. */
  async function ownPlace(): Promise<StoreFixture> {
    const place = await cluster.place();
    const clock = await ownClock(place, Date.parse("2026-11-22T10:00:00Z"));
    return {
      open: () =>
        openPostgresStore({
          url: place.url,
          now: clock.now,
          ...unhurried,
          warn: (sentence) => {
            // A store of one server warns of each change.
            if (!sentence.startsWith("Refills in the store: ")) throw new Error(sentence);
          },
        }),
      now: clock.now,
      advance: clock.advance,
      models: true,
      keepsHolds: true,
      acts: true,
      destroy: () => place.drop(),
    };
  }

  storeContract("Postgres", ownPlace);
  storeModel("Postgres", ownPlace, 12);
  apiKeysContract("Postgres", ownPlace);
  invitesContract("Postgres", ownPlace);
  operationsContract("Postgres", ownPlace);
  refillContract("Postgres", ownPlace);
});
