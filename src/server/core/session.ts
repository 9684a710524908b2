import type { TokenClaims } from "./credentials.ts";
import type { Account, AccountId } from "./ports.ts";

/** What an API key stands for. */
export interface KeyClaims {
  account: AccountId;
  /** Its id. */
  apiKey: string;
  digest: string;
}

/** What a request shows about itself: by a token, or by an API key. */
export type Claims = TokenClaims | KeyClaims;

/** A request with a valid token or API key, and its account. */
export interface Session {
  account: Account;
  claims: Claims;
}
