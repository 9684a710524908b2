import type { AccountId } from "../../core/ports.ts";
import type { Books } from "./books.ts";
import { checkpointOf, type Checkpoint } from "./checkpoint.ts";
import type { Collected } from "./collect-use.ts";
import type { KeptLists } from "./compacted.ts";
import type { Fact, Feature, NoticeFact } from "./facts.ts";
import { LINE_BYTES } from "./line.ts";
import { headText } from "./seal.ts";
import { isoText } from "./shapes.ts";

/** Characters of the entries of one line. Each has at most four bytes. */
const MOST = LINE_BYTES / 8;

type WithoutPlace<T> = T extends unknown ? Omit<T, "n" | "at"> : never;

/** A line that is still without its number and time. */
export type Draft = WithoutPlace<Fact | Exclude<NoticeFact, { mac: string }>>;

/** What precedes the line that names a key: the ledger that is continued, and what the lines need. */
export function firstLines({ ledger, n, head, features }: Books): Draft[] {
  const named = new Set<Feature>(["compacted", "models", ...features]);
  const [compacted, ...others] = [...named].flatMap((name): Draft[] =>
    name === "key" ? [] : [{ fact: "feature", feature: name }],
  );
  return compacted
    ? [compacted, { fact: "continues", ledger, last: n, head: headText(head) }, ...others]
    : [];
}

/** The state of the books at `now`, without what has expired, and of deleted accounts only what their sums need. */
export function* stateLines(
  books: Books,
  collected: ReadonlyMap<AccountId, Collected>,
  now: number,
): Generator<Draft> {
  const state = checkpointOf(books, { length: 0, lines: 0, sha256: "" }, now);
  yield* keptLines(listsOf(state));
  for (const { id: account, name, hash, generation, tokens } of state.accounts) {
    const { disabled, created, lastQuestion, used, refilled } = books.accounts.get(account)!;
    const { invite, use } = collected.get(account) ?? { invite: null, use: [] };
    const of = { hash, generation, disabled, created, lastQuestion, used, refilled, invite, use, tokens };
    yield { fact: "opening", account, name, ...of, balance: tokens };
  }
}

function listsOf({ keys, revoked, grants, invites = [], refills = [], apiKeys }: Checkpoint): KeptLists {
  return {
    keys: keys.map(({ account, key, digest, at, again, cost, model = null, apiKey }) => ({
      account,
      key,
      digest,
      at: isoText(at),
      again,
      cost,
      model,
      ...(apiKey !== undefined && { apiKey }),
    })),
    revoked: revoked.map(({ account, jti, expires }) => ({ account, jti, expires: isoText(expires) })),
    grants: grants.map(({ id, account, tokens, asked }) => ({
      id,
      account,
      tokens,
      ...(asked !== undefined && { asked }),
    })),
    invites: invites.map(({ id, digest, tokens, uses, expires, at, used, revoked: ended }) => ({
      id,
      digest,
      tokens,
      uses,
      expires: isoText(expires),
      at: isoText(at),
      used,
      revoked: ended,
    })),
    refills: refills.map(({ tokens, period, cap, at }) => ({ tokens, period, cap, at: isoText(at) })),
    // A day of their use is in that of their account.
    ...(apiKeys && {
      apiKeys: apiKeys.map(({ id, account, name: label, digest, limit, expires, at, ended, lastUsed }) => ({
        id,
        account,
        label,
        digest,
        limit,
        expires: timeText(expires),
        at: isoText(at),
        ended,
        lastUsed: timeText(lastUsed),
      })),
    }),
  };
}

const timeText = (ms: number | null): string | null => (ms === null ? null : isoText(ms));

/** The lists in as many lines as it takes. */
function* keptLines(lists: KeptLists): Generator<Draft> {
  const none = Object.fromEntries(Object.keys(lists).map((name) => [name, []])) as unknown as KeptLists;
  for (const [name, list] of Object.entries(lists))
    for (const part of partsOf(list)) yield { fact: "kept", ...none, [name]: part };
}

function* partsOf(list: unknown[]): Generator<unknown[]> {
  let part: unknown[] = [];
  let size = 0;
  for (const entry of list) {
    const { length } = JSON.stringify(entry);
    if (size + length > MOST && part.length > 0) {
      yield part;
      [part, size] = [[], 0];
    }
    part.push(entry);
    size += length;
  }
  if (part.length > 0) yield part;
}
