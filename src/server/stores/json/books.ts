import { KEY_LIFETIME_MS } from "../../../protocol/limits.ts";
import { foldName } from "../../core/fold-name.ts";
import type { AccountId } from "../../core/ports.ts";
import type { Fact, Feature, Line } from "./facts.ts";
import { postNotice, type InviteBook } from "./invite-books.ts";
import type { Version } from "./line.ts";
import type { Head } from "./seal.ts";
import { createUsage, type Usage } from "./usage.ts";

/** The state of an account that follows from the ledger. Only `post` changes it. */
export interface AccountBook {
  readonly id: AccountId;
  readonly name: string;
  hash: string;
  generation: number;
  disabled: boolean;
  tokens: number;
  readonly usage: Usage;
}

/** An Idempotency-Key that was charged. */
export interface ChargedKey {
  account: AccountId;
  key: string;
  digest: string;
  /** Time of the charge, in milliseconds since the epoch. */
  at: number;
  /** Whether its second answer was given, too. */
  again: boolean;
  /** Tokens of the charge. */
  cost: number;
  /** Undefined for a charge of before models. */
  model: string | undefined;
}

/** A grant that was made; its id is never used for another one. */
export interface GivenGrant {
  id: string;
  account: AccountId;
  tokens: number;
}

/** A token that was logged out. */
export interface RevokedToken {
  account: AccountId;
  jti: string;
  expires: number;
}

/** The state that follows from the durable part of the ledger, in memory. Only `post` changes it. */
export interface Books {
  /** The ledger's id. */
  ledger: string;
  version: Version;
  /** Those that the ledger names so far. */
  readonly features: Set<Feature>;
  /** Running number of the last fact; 0 before the first. */
  n: number;
  /** Of the last line. */
  head: Head;
  readonly accounts: Map<AccountId, AccountBook>;
  /** By folded name. */
  readonly names: Map<string, AccountBook>;
  /** By `slot`, oldest charge first. */
  readonly keys: Map<string, ChargedKey>;
  /** By `slot`. */
  readonly revoked: Map<string, RevokedToken>;
  /** By id. */
  readonly grants: Map<string, GivenGrant>;
  /** By id, oldest first. */
  readonly invites: Map<string, InviteBook>;
  /** By the digest of their code. */
  readonly inviteDigests: Map<string, InviteBook>;
}

/** Books without any fact. */
export function createBooks(): Books {
  return {
    ledger: "",
    version: 1,
    features: new Set(),
    n: 0,
    head: 0,
    accounts: new Map(),
    names: new Map(),
    keys: new Map(),
    revoked: new Map(),
    grants: new Map(),
    invites: new Map(),
    inviteDigests: new Map(),
  };
}

/** Takes what a ledger with the same facts that was written anew differs in. */
export function takeHead(books: Books, { version, features, n, head }: Books): void {
  for (const feature of features) books.features.add(feature);
  Object.assign(books, { version, n, head } satisfies Partial<Books>);
}

/** The account of that id; a bug if there is none. */
export function bookOf(books: Books, account: AccountId): AccountBook {
  const book = books.accounts.get(account);
  if (!book) throw new Error("No account has this id.");
  return book;
}

/** The key of a Map for something that belongs to one account. */
export const slot = (account: AccountId, own: string): string => `${account} ${own}`;

/** The charged key, unless its lifetime is over at `now`. */
export function chargedKey(books: Books, keySlot: string, now: number): ChargedKey | undefined {
  const charged = books.keys.get(keySlot);
  return charged && charged.at + KEY_LIFETIME_MS > now ? charged : undefined;
}

/** Enters a durable fact that `refute` accepts, and drops what is too old at `now`. */
export function post(books: Books, fact: Line, head: Head, now: number): void {
  books.n = fact.n;
  books.head = head;
  if (!("account" in fact)) return postNotice(books, fact);
  if (fact.fact === "account") return postAccount(books, fact);
  const account = bookOf(books, fact.account);
  account.tokens = fact.balance;
  switch (fact.fact) {
    case "grant":
      books.grants.set(fact.id, { id: fact.id, account: fact.account, tokens: fact.tokens });
      return;
    case "charge":
      account.usage.add(fact.at, -fact.tokens, now);
      if ("key" in fact) {
        const { account, key, digest, at, tokens, model } = fact;
        // 0 − 0 is 0, but −0 is not.
        postKey(books, { account, key, digest, at, again: false, cost: 0 - tokens, model }, now);
      }
      return;
    case "again": {
      const charged = books.keys.get(slot(fact.account, fact.key));
      if (charged) charged.again = true;
      return;
    }
    case "password":
      account.hash = fact.hash;
      account.generation = fact.generation;
      return;
    case "revoked":
      postRevoked(books, fact, now);
      return;
    case "disabled":
      account.disabled = fact.disabled;
  }
}

/** Adds an account, as read from a checkpoint or created. */
export function openAccount(books: Books, account: AccountBook): void {
  books.accounts.set(account.id, account);
  books.names.set(foldName(account.name), account);
}

function postAccount(books: Books, fact: Fact & { fact: "account" }): void {
  const { account: id, name, hash, generation, balance: tokens } = fact;
  openAccount(books, { id, name, hash, generation, disabled: false, tokens, usage: createUsage() });
  const invite = fact.invite === undefined ? undefined : books.invites.get(fact.invite);
  if (invite) invite.used += 1;
}

/** Enters a charged key, and drops those at the front whose lifetime is over. */
export function postKey(books: Books, charged: ChargedKey, now: number): void {
  for (const [keySlot, { at }] of books.keys) {
    if (at + KEY_LIFETIME_MS > now) break;
    books.keys.delete(keySlot);
  }
  const { account, key, digest, at, again, cost, model } = charged;
  const keySlot = slot(account, key);
  // A Map keeps the place of a known key: deleted first, it goes to the end.
  books.keys.delete(keySlot);
  if (at + KEY_LIFETIME_MS > now) books.keys.set(keySlot, { account, key, digest, at, again, cost, model });
}

/** Enters a revoked token. Each time the list has doubled, the tokens that have expired are dropped. */
export function postRevoked(books: Books, token: RevokedToken, now: number): void {
  const { account, jti, expires } = token;
  books.revoked.set(slot(account, jti), { account, jti, expires });
  // At powers of two: then a sweep costs no more than the insertions since the last one.
  const { size } = books.revoked;
  if (size >= 1024 && (size & (size - 1)) === 0)
    for (const [tokenSlot, old] of books.revoked) if (old.expires <= now) books.revoked.delete(tokenSlot);
}
