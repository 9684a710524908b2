import { randomUUID } from "node:crypto";
import { afterEach, beforeEach } from "vitest";
import type { Account, HoldRequest } from "../../src/server/core/ports.ts";
import type { Store } from "../../src/server/core/store.ts";

/** An empty place for one store's data, for one test. */
export interface StoreFixture {
  /** Opens the store on the place's data, as another start of the server would. */
  open(): Promise<Store>;
  /** The store's time in ms since the epoch. */
  now(): number;
  /** Lets time pass for the store: its clock, or the age of everything in it. */
  advance(ms: number): Promise<void>;
  /** Whether its charges name their model. */
  models: boolean;
  /** Whether its ledger is compacted before each start but the first, after which charges name their model. */
  compacts?: boolean;
  /** Whether an open hold outlives the process that made it, until it expires. */
  keepsHolds: boolean;
  /** Whether it knows what an operator does to accounts. */
  acts: boolean;
  /** Removes the place; every store on it has been closed. */
  destroy(): Promise<void>;
}

/** A store in an empty place for each test of a suite. `onOpen` gets it, and again after a restart. */
export function useStore(
  place: () => Promise<StoreFixture>,
  onOpen: (opened: { fixture: StoreFixture; store: Store }) => void,
) {
  let fixture: StoreFixture;
  let store: Store;
  const open = async () => {
    store = await fixture.open();
    onOpen({ fixture, store });
  };

  beforeEach(async () => {
    fixture = await place();
    await open();
  });

  afterEach(async () => {
    await store.close();
    await fixture.destroy();
  });

  return {
    restart: async (): Promise<void> => {
      await store.close();
      await open();
    },
    create: async (name = "jane", tokens = 4000): Promise<Account> => {
      const made = await store.accounts.create({ name, passwordHash: "$2b$hash", tokens });
      if (made.kind !== "created") throw new Error(made.kind);
      return made.account;
    },
    /** A question of 100 tokens, which expires in two minutes. */
    question: (account: string, more: Partial<HoldRequest> = {}): HoldRequest => ({
      id: randomUUID(),
      account,
      digest: "digest",
      price: 100,
      model: "small",
      expires: fixture.now() + 130_000,
      ...more,
    }),
  };
}
