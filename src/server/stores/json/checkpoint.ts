import { KEY_LIFETIME_MS } from "../../../protocol/limits.ts";
import { pseudonymOf } from "../../core/operations.ts";
import type { AccountId, DayUsage } from "../../core/ports.ts";
import type { Refills } from "../../core/refill.ts";
import type { KeptApiKey } from "./api-key-books.ts";
import { createBooks, modelIn, openAccount, type Books, type Timed } from "./books.ts";
import { postKey, postRevoked, type ChargedKey, type RevokedToken } from "./kept.ts";
import type { GivenGrant } from "./grants.ts";
import { openInvite } from "./invite-books.ts";
import type { InviteBook } from "./books.ts";
import type { Continues } from "./compacted.ts";
import type { Feature } from "./facts.ts";
import type { LedgerKey } from "./key.ts";
import type { Version } from "./line.ts";
import { createUsage, type DayUse } from "./usage.ts";

/** Of the file. */
export const FORMAT = "ai-chat-checkpoint";
export const VERSION = 1;

/** The part of the ledger that a checkpoint covers. */
interface Covered {
  /** Bytes. */
  length: number;
  /** Lines, including the header. */
  lines: number;
  /** SHA-256 of these bytes, in hex. */
  sha256: string;
}

/**
 * What a checkpoint gives as its SHA-256. Version 1 of the program does not read line 1 of a ledger whose bytes have the
 * plain sum: with another one it does, and refuses there.
 */
const sumOf = (version: Version, sha256: string) => (version === 1 ? sha256 : `${version}:${sha256}`);

/** Use of an account in a day. `model`: its place in `dayModels`; absent for a charge of before models. */
interface StoredUse extends DayUsage {
  model?: number;
}

/** `accounts.json`: everything that the first `length` bytes of the ledger imply. */
export interface Checkpoint extends Covered {
  format: string;
  version: number;
  ledger: string;
  /** Absent in the checkpoint of a ledger of version 1. */
  features?: Feature[];
  /** Absent if the ledger continues no other one. */
  continues?: Continues;
  /** The head of the last line, if that is a CRC. */
  crc?: number;
  /** The same of a ledger with a key, and the id of that. */
  head?: string;
  key?: string;
  accounts: {
    id: AccountId;
    name: string;
    hash: string;
    generation: number;
    disabled: boolean;
    tokens: number;
    /** A day has an entry for each model. */
    days: StoredUse[];
  }[];
  /** Absent if an older ai-chat wrote the checkpoint: then the days have no models. */
  dayModels?: string[];
  /**
   * More about each of the accounts, in their order. Not in `accounts`, because an older ai-chat copies what it finds there
   * although it does not keep it up. Absent if such a one wrote the checkpoint.
   */
  more?: [created: number, lastQuestion: number | null, used: number, refilled: number | null][];
  /** Absent together with `more`. */
  times?: { earliest: Timed; latest: Timed };
  /** Without `cost` if an older ai-chat wrote them. */
  keys: ChargedKey[];
  revoked: RevokedToken[];
  grants: GivenGrant[];
  /** Absent without the feature `invites`. */
  invites?: InviteBook[];
  /** Absent without the feature `operator`. */
  refills?: Refills;
  /** Absent without the feature `api_keys`. */
  apiKeys?: (KeptApiKey & { days: [date: string, questions: number, tokens: number][] })[];
}

/** A checkpoint of these books, without what has expired at `now`. */
export function checkpointOf(books: Books, covered: Covered, now: number): Checkpoint {
  const accounts = [...books.accounts.values()];
  const kept = accounts.map(({ usage }) => usage.kept(now));
  const dayModels = namesIn(kept.flat());
  const places = new Map(dayModels.map((name, place) => [name, place]));
  const isOfUse = ({ account }: { account: AccountId }) => books.accounts.get(account)?.deleted === false;
  return {
    format: FORMAT,
    version: VERSION,
    ledger: books.ledger,
    ...covered,
    sha256: sumOf(books.version, covered.sha256),
    ...(books.version > 1 && { features: [...books.features] }),
    ...(books.continues && { continues: books.continues }),
    ...(typeof books.head === "number" ? { crc: books.head } : { head: books.head }),
    accounts: accounts.map(({ id, name, hash, generation, disabled, tokens }, index) => ({
      id,
      name,
      hash,
      generation,
      disabled,
      tokens,
      days: (kept[index] ?? []).map(({ model, ...day }) =>
        model === null ? day : { ...day, model: places.get(model) ?? 0 },
      ),
    })),
    dayModels,
    more: accounts.map(({ created, lastQuestion, used, refilled }) => [
      created,
      lastQuestion,
      used,
      refilled,
    ]),
    times: { earliest: books.earliest, latest: books.latest },
    keys: [...books.keys.values()].filter(
      (charged) => charged.at + KEY_LIFETIME_MS > now && isOfUse(charged),
    ),
    revoked: [...books.revoked.values()].filter((token) => token.expires > now && isOfUse(token)),
    grants: [...books.grants.all()].filter(isOfUse),
    ...(books.features.has("invites") && { invites: [...books.invites.values()] }),
    ...(books.features.has("operator") && { refills: books.refills }),
    ...(books.features.has("api_keys") && {
      apiKeys: [...books.apiKeys.all()].map(({ usage, ...key }) => ({
        ...key,
        days: usage.kept(now).map(({ date, questions, tokens }) => [date, questions, tokens]),
      })),
    }),
  };
}

/** The models that days have, in a fixed order. */
const namesIn = (days: DayUse[]): string[] =>
  [...new Set(days.flatMap(({ model }) => (model === null ? [] : [model])))].sort();

/** Version of the ledger that the checkpoint was made from. */
export const versionOf = ({ features }: Checkpoint): Version => (features ? 2 : 1);

/** Number of the last fact that it covers. */
export const lastOf = ({ lines, continues }: Checkpoint): number => (continues?.last ?? 0) + lines - 1;

/** Whether the checkpoint was made from bytes of this SHA-256. */
export const covers = (checkpoint: Checkpoint, sha256: string): boolean =>
  checkpoint.sha256 === sumOf(versionOf(checkpoint), sha256);

/** Whether it lacks what the keys cost. */
export const lacksCosts = ({ keys }: Checkpoint): boolean =>
  keys.some(({ cost }: Partial<ChargedKey>) => cost === undefined);

/** Whether it lacks what later versions know about accounts and times. */
export const lacksMore = ({ more, times }: Checkpoint): boolean => more === undefined || times === undefined;

/** Whether it lacks the models of days. */
export const lacksModels = ({ dayModels }: Checkpoint): boolean => dayModels === undefined;

/** Whether it was made from a ledger with a key. */
export const hasKey = ({ features }: Checkpoint) => features?.includes("key") === true;

/** Whether it was made with the key, if there is one: otherwise it could be anybody's. */
export const isTrusted = (checkpoint: Checkpoint, key: LedgerKey | undefined): boolean =>
  key === undefined || hasKey(checkpoint);

/** Whether a start can go on from it. */
export const isEnough = (checkpoint: Checkpoint, key: LedgerKey | undefined): boolean =>
  !lacksCosts(checkpoint) && !lacksMore(checkpoint) && !lacksModels(checkpoint) && isTrusted(checkpoint, key);

/** The books that a checkpoint describes. */
export function booksOf(checkpoint: Checkpoint, now: number): Books {
  const books = createBooks();
  books.ledger = checkpoint.ledger;
  books.version = versionOf(checkpoint);
  for (const feature of checkpoint.features ?? []) books.features.add(feature);
  books.n = lastOf(checkpoint);
  books.continues = checkpoint.continues;
  books.before = checkpoint.continues?.last ?? 0;
  books.head = checkpoint.head ?? checkpoint.crc ?? 0;
  Object.assign(books, checkpoint.times);
  for (const [at, { id, name, hash, generation, disabled, tokens, days }] of checkpoint.accounts.entries()) {
    // Of an older ai-chat: that checkpoint is compared only.
    const [created, lastQuestion, used, refilled] = checkpoint.more?.[at] ?? [0, null, 0, null];
    const usage = createUsage();
    for (const { model, ...day } of days)
      usage.restore({ ...day, model: modelIn(books, checkpoint.dayModels?.[model ?? -1]) });
    openAccount(books, {
      id,
      name,
      hash,
      generation,
      disabled,
      deleted: name === pseudonymOf(id),
      tokens,
      created,
      lastQuestion,
      used,
      refilled,
      refillAt: 0,
      usage,
    });
  }
  for (const charged of checkpoint.keys) postKey(books, charged, now);
  for (const token of checkpoint.revoked) postRevoked(books, token, now);
  for (const given of checkpoint.grants) books.grants.add(given);
  for (const invite of checkpoint.invites ?? []) openInvite(books, invite);
  books.refills = checkpoint.refills ?? [];
  for (const { days, ...key } of checkpoint.apiKeys ?? [])
    books.apiKeys.add(
      key,
      days.map(([date, questions, tokens]) => ({ date, model: null, questions, tokens })),
    );
  return books;
}
