/** What a store knows about itself. Read when somebody looks, never by a timer. */
export interface StoreState {
  /** As `Store.ready`. */
  ready(): Promise<boolean>;
  /** Tokens in the open holds of this server. */
  held(): number;
  /** Bytes of the ledger's file. */
  ledgerBytes?(): number;
  /** Connections to the database, and the statements that wait for one. */
  connections?(): Record<ConnectionState, number>;
  /** Calls that wait for others of their account, or for the next statement. */
  waiting?(): number;
}

/** `waiting`: statements that wait for a connection. */
export type ConnectionState = "in_use" | "idle" | "waiting";

/**
 * Gets figures of a store: of what this server did, each fact once, when it is durable. What other servers of the store and
 * commands do is in no figure of this one. No call may throw.
 */
export interface StoreMeter {
  /** Tokens were added to an account: it was made with them, or got a grant or a refill. */
  granted(tokens: number): void;
  /** An operator took tokens back. */
  taken(tokens: number): void;
  /** A question was charged. */
  charged(model: string, tokens: number): void;
  /** So many facts became durable with one write. */
  batch(facts: number): void;
  /** A write took so many milliseconds. */
  wrote(ms: number): void;
  /** Called once, when the store is open. */
  watch(state: StoreState): void;
}
