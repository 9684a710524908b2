import type { AccountId } from "./ports.ts";
import type { StopSignal } from "./stop.ts";

/** Who waits for the hash of a password. */
export interface Turn {
  /** Of the client. */
  address?: string;
  /** In lower case, as names are compared. */
  name?: string;
  /** Waits in a lane of its own: somebody who is signed in, or a name at an address where it has logged in before. */
  known?: boolean;
  /** Aborted when the client goes away. */
  signal?: StopSignal | undefined;
}

/**
 * Password hashing outside the main thread, fair by address and name. Rejects with `ApiError("overloaded")` if its queue
 * is full of jobs of others who have no more than this one, or of its own, and with `signal.reason` if `signal` is aborted
 * while the job waits in the queue; a job that has begun runs to its end.
 */
export interface Passwords {
  hash(password: string, turn?: Turn): Promise<string>;
  /** Without `hash` (an unknown name): false, after the same work as for a known one. */
  matches(password: string, hash: string | undefined, turn?: Turn): Promise<boolean>;
  close(): Promise<void>;
}

/** The content of an authentication token. */
export interface TokenClaims {
  account: AccountId;
  generation: number;
  jti: string;
  /** Milliseconds since the epoch. */
  expires: number;
}

/** Authentication tokens. `verify` throws `ApiError` `invalid_token` or `expired_token`. */
export interface Tokens {
  issue(account: { id: AccountId; generation: number }): string;
  verify(token: string): TokenClaims;
}
