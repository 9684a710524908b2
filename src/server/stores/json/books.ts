import { foldName } from "../../core/fold-name.ts";
import type { AccountId, NewInvite } from "../../core/ports.ts";
import type { Refills } from "../../core/refill.ts";
import type { Continues } from "./compacted.ts";
import type { Feature } from "./facts.ts";
import { createApiKeyBooks, type ApiKeyBooks } from "./api-key-books.ts";
import { createGrants, type Grants } from "./grants.ts";
import type { Kept } from "./kept.ts";
import type { Version } from "./line.ts";
import type { Head } from "./seal.ts";
import type { Usage } from "./usage.ts";

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

/** An invitation as the ledger has it. */
export interface InviteBook extends NewInvite {
  /** Milliseconds since the epoch. */
  at: number;
  used: number;
  revoked: boolean;
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
  /** Facts of the ledgers that it continues. */
  before: number;
  continues: Continues | undefined;
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
  readonly apiKeys: ApiKeyBooks;
  refills: Refills;
  /** Names of models, so that each is in memory once. */
  readonly models: Map<string, string>;
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
    before: 0,
    continues: undefined,
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
    apiKeys: createApiKeyBooks(),
    refills: [],
    models: new Map(),
  };
}

/** Lines of the ledger, with its header. */
export const linesOf = ({ n, before }: Pick<Books, "n" | "before">): number => n - before + 1;

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

/** The name of a charge's model as `Usage` has it. */
export function modelIn({ models }: Pick<Books, "models">, name: string | null | undefined): string | null {
  if (name === undefined || name === null) return null;
  const known = models.get(name);
  if (known === undefined) models.set(name, name);
  return known ?? name;
}

/** Adds an account, as read from a checkpoint or created. */
export function openAccount(books: Books, account: AccountBook): void {
  books.accounts.set(account.id, account);
  books.names.set(foldName(account.name), account);
}
