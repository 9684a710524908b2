import type { RefillSetting, RefillWish } from "../../protocol/refill.ts";
import type { ApiKeys } from "./api-keys.ts";
import type { Operations } from "./operations.ts";
import type { Accounts, Counter, Invites, Ledger } from "./ports.ts";

export interface Store {
  /** For the banner, without secrets: `JSON files in /home/jane/.local/share/ai-chat/server`. */
  readonly description: string;
  readonly ledger: Ledger;
  readonly accounts: Accounts;
  readonly invites: Invites;
  readonly operations: Operations;
  readonly apiKeys?: ApiKeys;
  /**
   * What accounts are refilled with from now on (docs/accounts.md#refills); undefined: nothing; `stored`: what was stored last.
   * A store pays no refills before the first call. Stores a change. Rejects as the {@link Ledger} does.
   */
  setRefill(setting: RefillWish): Promise<void>;
  /** What accounts are refilled with. Undefined: nothing. */
  readonly refill: RefillSetting | undefined;
  /** Counts that the servers of this store share. Absent from a store of one server. */
  readonly counter?: Counter;
  /**
   * The secrets that sign tokens unless the operator gave some, as `secretsIn` reads them. Made at the first start, and
   * stored.
   */
  signingSecret(): Promise<Buffer>;
  /** The same as it is now: `store rotate-secret` replaces it. Undefined if there is none; makes none. */
  storedSecret(): Promise<Buffer | undefined>;
  /** Whether it can store a charge now. */
  ready(): Promise<boolean>;
  /** Why it was last not `ready`, for the log; undefined while it is. */
  readonly trouble: unknown;
  /** Waits for the calls under way, then closes everything. A second call returns the same promise. */
  close(): Promise<void>;
}
