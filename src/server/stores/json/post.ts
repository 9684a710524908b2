import { foldName } from "../../core/fold-name.ts";
import { pseudonymOf } from "../../core/operations.ts";
import { changeRefills, startOfId } from "../../core/refill.ts";
import { bookOf, modelIn, openAccount, type AccountBook, type Books } from "./books.ts";
import { daysOf, type KeptLists } from "./compacted.ts";
import { isRefill, type Fact, type Line, type NoticeFact } from "./facts.ts";
import { openInvite, postInvite } from "./invite-books.ts";
import { postKey, postRevoked, slot } from "./kept.ts";
import type { Head } from "./seal.ts";
import { createUsage } from "./usage.ts";

/** Enters a durable fact that `refute` accepts, and drops what is too old at `now`. */
export function post(books: Books, fact: Line, head: Head, now: number): void {
  if (books.n === 0) books.before = fact.n - 1;
  books.n = fact.n;
  books.head = head;
  if (fact.at > books.latest.at) books.latest = { n: fact.n, at: fact.at };
  if (fact.at < books.earliest.at) books.earliest = { n: fact.n, at: fact.at };
  if (!("account" in fact)) return postNotice(books, fact, now);
  if (fact.fact === "account") return postAccount(books, fact);
  if (fact.fact === "opening") return postOpening(books, fact);
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
      account.usage.add(fact.at, 0 - fact.tokens, now, modelIn(books, fact.model));
      account.used -= fact.tokens;
      account.lastQuestion = fact.at;
      if (fact.apiKey !== undefined) postUse(books, fact.apiKey, fact, now);
      if ("key" in fact) {
        const { account, key, digest, at, tokens, model, apiKey } = fact;
        // 0 − 0 is 0, but −0 is not.
        postKey(books, { account, key, digest, at, again: false, cost: 0 - tokens, model, apiKey }, now);
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
      if (fact.endsKeys) for (const key of books.apiKeys.liveOf(account.id)) key.ended = true;
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
    case "api_key": {
      const { id, label: name, digest, limit, expires, at } = fact;
      const of = { account: account.id, at, ended: false, lastUsed: null };
      books.apiKeys.add({ id, name, digest, limit, expires, ...of });
      return;
    }
    case "api_key_ended": {
      const key = books.apiKeys.get(fact.id);
      if (key) key.ended = true;
      return;
    }
    case "deleted":
      books.apiKeys.forget(account.id);
      rename(books, account, pseudonymOf(account.id));
      account.generation += 1;
      Object.assign(account, { hash: "", disabled: true, deleted: true } satisfies Partial<AccountBook>);
  }
}

/** A charge of an API key; that of a deleted account is forgotten. */
function postUse(
  { apiKeys }: Books,
  id: string,
  { at, tokens }: Fact & { fact: "charge" },
  now: number,
): void {
  const key = apiKeys.get(id);
  if (!key) return;
  key.usage.add(at, 0 - tokens, now, null);
  key.lastUsed = at;
}

function rename({ names }: Books, account: AccountBook, name: string): void {
  names.delete(foldName(account.name));
  account.name = name;
  names.set(foldName(name), account);
}

function postNotice(books: Books, fact: NoticeFact, now: number): void {
  switch (fact.fact) {
    case "feature":
      books.features.add(fact.feature);
      return;
    case "refill": {
      const { at, tokens, period, cap } = fact;
      books.refills = changeRefills(books.refills, tokens === null ? undefined : { tokens, period, cap }, at);
      return;
    }
    case "continues": {
      const { ledger, last, head } = fact;
      books.continues = { ledger, last, head };
      return;
    }
    case "kept":
      postKept(books, fact, now);
      return;
    case "invite":
    case "invite_revoked":
      postInvite(books, fact);
  }
}

/** What an older ledger left. */
function postKept(books: Books, kept: KeptLists, now: number): void {
  const { keys, revoked, grants, invites, refills, apiKeys = [] } = kept;
  for (const { at, model, ...key } of keys)
    postKey(books, { ...key, at: Date.parse(at), model: model ?? undefined }, now);
  for (const { expires, ...token } of revoked)
    postRevoked(books, { ...token, expires: Date.parse(expires) }, now);
  for (const given of grants) books.grants.add(given);
  for (const invite of invites)
    openInvite(books, { ...invite, expires: Date.parse(invite.expires), at: Date.parse(invite.at) });
  const timeOf = (text: string | null) => (text === null ? null : Date.parse(text));
  for (const { label: name, expires, at, lastUsed, ...key } of apiKeys)
    books.apiKeys.add({
      ...key,
      name,
      expires: timeOf(expires),
      at: Date.parse(at),
      lastUsed: timeOf(lastUsed),
    });
  books.refills = [
    ...books.refills,
    ...refills.map(({ at, ...refill }) => ({ ...refill, at: Date.parse(at) })),
  ];
}

function postOpening(books: Books, fact: Fact & { fact: "opening" }): void {
  const {
    account: id,
    name,
    hash,
    generation,
    disabled,
    created,
    lastQuestion,
    used,
    refilled,
    tokens,
  } = fact;
  const deleted = name === pseudonymOf(id);
  const usage = createUsage();
  for (const { apiKey, model, ...day } of daysOf(fact.use)) {
    usage.restore({ ...day, model: modelIn(books, model) });
    if (apiKey !== undefined) books.apiKeys.get(apiKey)?.usage.restore({ ...day, model: null });
  }
  const state = {
    hash,
    generation,
    disabled,
    deleted,
    created,
    lastQuestion,
    used,
    refilled,
    refillAt: 0,
    usage,
  };
  openAccount(books, { id, name, tokens, ...state });
}

function postAccount(books: Books, fact: Fact & { fact: "account" }): void {
  const { account: id, name, hash, generation, balance: tokens, at: created } = fact;
  const state = { disabled: false, deleted: false, created, lastQuestion: null, used: 0 };
  const usage = createUsage();
  openAccount(books, { id, name, hash, generation, tokens, usage, refilled: null, refillAt: 0, ...state });
  const invite = fact.invite === undefined ? undefined : books.invites.get(fact.invite);
  if (invite) invite.used += 1;
}
