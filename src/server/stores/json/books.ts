import { foldName } from "../../core/fold-name.ts";
import { pseudonymOf } from "../../core/operations.ts";
import type { AccountId } from "../../core/ports.ts";
import { changeRefills, startOfId, type Refills } from "../../core/refill.ts";
import { isRefill, type Fact, type Feature, type Line, type NoticeFact } from "./facts.ts";
import { createGrants, type Grants } from "./grants.ts";
import { postInvite, type InviteBook } from "./invite-books.ts";
import { postKey, postRevoked, slot, type Kept } from "./kept.ts";
import type { Version } from "./line.ts";
import type { Head } from "./seal.ts";
import { createUsage, type Usage } from "./usage.ts";

/** The state of an account that follows from the ledger. Only `post` changes it. */
export interface AccountBook {
  readonly id: AccountId;
  /** The pseudonym of a deleted account. */
  name: string;
  /** Empty if it is deleted. */
  hash: string;
  generation: number;
  /** A deleted account is disabled, too. */
  disabled: boolean;
  deleted: boolean;
  tokens: number;
  /** Milliseconds since the epoch. */
  readonly created: number;
  /** Time of the last charge. */
  lastQuestion: number | null;
  /** Tokens of all charges. */
  used: number;
  /** Start of the last period whose refill it got, or for which it was full. */
  refilled: number | null;
  /** Until when no refill is due, in milliseconds since the epoch. Not stored. */
  refillAt: number;
  readonly usage: Usage;
}

/** The state that follows from the durable part of the ledger, in memory. Only `post` changes it. */
export interface Books extends Kept {
  /** The ledger's id. */
  ledger: string;
  version: Version;
  /** Those that the ledger names so far. */
  readonly features: Set<Feature>;
  /** Running number of the last fact; 0 before the first. */
  n: number;
  /** Of the last line. */
  head: Head;
  /** The facts with the earliest and the latest time; `n` is 0 before the first. */
  earliest: Timed;
  latest: Timed;
  readonly accounts: Map<AccountId, AccountBook>;
  /** By folded name. */
  readonly names: Map<string, AccountBook>;
  readonly grants: Grants;
  /** By id, oldest first. */
  readonly invites: Map<string, InviteBook>;
  /** By the digest of their code. */
  readonly inviteDigests: Map<string, InviteBook>;
  refills: Refills;
}

/** The number and the time of a fact, in milliseconds since the epoch. */
export interface Timed {
  n: number;
  at: number;
}

/** Books without any fact. */
export function createBooks(): Books {
  return {
    ledger: "",
    version: 1,
    features: new Set(),
    n: 0,
    head: 0,
    earliest: { n: 0, at: Number.MAX_SAFE_INTEGER },
    latest: { n: 0, at: 0 },
    accounts: new Map(),
    names: new Map(),
    keys: new Map(),
    revoked: new Map(),
    grants: createGrants(),
    invites: new Map(),
    inviteDigests: new Map(),
    refills: [],
  };
}

/** Takes what a ledger with the same facts that was written anew differs in. */
export function takeHead(books: Books, anew: Books): void {
  const { version, n, head, earliest, latest } = anew;
  for (const feature of anew.features) books.features.add(feature);
  Object.assign(books, { version, n, head, earliest, latest } satisfies Partial<Books>);
}

/** The account of that id; a bug if there is none. */
export function bookOf(books: Books, account: AccountId): AccountBook {
  const book = books.accounts.get(account);
  if (!book) throw new Error("No account has this id.");
  return book;
}

/** Enters a durable fact that `refute` accepts, and drops what is too old at `now`. */
export function post(books: Books, fact: Line, head: Head, now: number): void {
  books.n = fact.n;
  books.head = head;
  if (fact.at > books.latest.at) books.latest = { n: fact.n, at: fact.at };
  if (fact.at < books.earliest.at) books.earliest = { n: fact.n, at: fact.at };
  if (!("account" in fact)) return postNotice(books, fact);
  if (fact.fact === "account") return postAccount(books, fact);
  const account = bookOf(books, fact.account);
  account.tokens = fact.balance;
  switch (fact.fact) {
    case "grant":
      if (isRefill(fact)) account.refilled = startOfId(fact.id) ?? null;
      else books.grants.add({ id: fact.id, account: fact.account, tokens: fact.tokens });
      return;
    case "take":
      books.grants.add({ id: fact.id, account: fact.account, tokens: fact.tokens, asked: fact.asked });
      return;
    case "charge":
      account.usage.add(fact.at, -fact.tokens, now);
      account.used -= fact.tokens;
      account.lastQuestion = fact.at;
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
      // A disabled account gets no refills: it counts anew from now.
      if (account.disabled && !fact.disabled) account.refilled = Math.max(account.refilled ?? 0, fact.at);
      account.disabled = fact.disabled;
      return;
    case "renamed":
      rename(books, account, fact.name);
      return;
    case "deleted":
      rename(books, account, pseudonymOf(account.id));
      account.generation += 1;
      Object.assign(account, { hash: "", disabled: true, deleted: true } satisfies Partial<AccountBook>);
  }
}

function rename({ names }: Books, account: AccountBook, name: string): void {
  names.delete(foldName(account.name));
  account.name = name;
  names.set(foldName(name), account);
}

function postNotice(books: Books, fact: NoticeFact): void {
  if (fact.fact === "feature") books.features.add(fact.feature);
  else if (fact.fact === "refill") {
    const { at, tokens, period, cap } = fact;
    books.refills = changeRefills(books.refills, tokens === null ? undefined : { tokens, period, cap }, at);
  } else postInvite(books, fact);
}

/** Adds an account, as read from a checkpoint or created. */
export function openAccount(books: Books, account: AccountBook): void {
  books.accounts.set(account.id, account);
  books.names.set(foldName(account.name), account);
}

function postAccount(books: Books, fact: Fact & { fact: "account" }): void {
  const { account: id, name, hash, generation, balance: tokens, at: created } = fact;
  const state = { disabled: false, deleted: false, created, lastQuestion: null, used: 0 };
  const usage = createUsage();
  openAccount(books, { id, name, hash, generation, tokens, usage, refilled: null, refillAt: 0, ...state });
  const invite = fact.invite === undefined ? undefined : books.invites.get(fact.invite);
  if (invite) invite.used += 1;
}
