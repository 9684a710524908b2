import { REFILL_ID } from "../../core/refill.ts";
import type { NewApiKey } from "../../core/api-keys.ts";
import type { Act } from "../../core/operations.ts";
import type { AccountId, HoldId } from "../../core/ports.ts";
import {
  count,
  countOrNull,
  debit,
  digest,
  filled,
  flag,
  isTrue,
  isoText,
  isoTime,
  orNull,
  period,
  sameList,
  text,
  textOrNull,
  time,
  timeOrNull,
  whole,
  type Shape,
} from "./shapes.ts";
import {
  CONTINUES,
  KEPT,
  KEPT_WITH_KEYS,
  LIMIT,
  OPENING,
  type Continues,
  type KeptLists,
  type Opening,
} from "./compacted.ts";

/** What happened, without its position in the ledger. `tokens` is what it adds to the balance. */
export type Event =
  | { fact: "account"; hash: string; generation: number; tokens: number; invite?: string | undefined }
  | { fact: "grant"; id: string; tokens: number; reason: string; by?: string | null | undefined }
  | ({ fact: "take"; id: string; tokens: number; asked: number } & Act)
  | ({ fact: "charge"; id: HoldId; tokens: number; model?: string | undefined } & OfApiKey)
  | ({ fact: "charge"; id: HoldId; tokens: number; model?: string | undefined } & OfApiKey & Keyed)
  | ({ fact: "again"; id: HoldId; tokens: number } & OfApiKey & Keyed)
  | ({ fact: "password"; hash: string; generation: number; endsKeys?: true | undefined } & Partial<Act>)
  | { fact: "revoked"; jti: string; expires: number }
  | ({ fact: "disabled"; disabled: boolean } & Partial<Act>)
  | ({ fact: "renamed"; from: string } & Act)
  | ({ fact: "deleted" } & Act)
  | ({ fact: "api_key" } & MadeApiKey)
  | { fact: "api_key_ended"; id: string }
  | ({ fact: "opening" } & Opening);

/** Of an Idempotency-Key. */
interface Keyed {
  key: string;
  digest: string;
}

/** Of a question that an API key asked. */
interface OfApiKey {
  apiKey?: string | undefined;
}

/** `label`: its name. */
type MadeApiKey = Omit<NewApiKey, "account" | "name"> & { label: string };

/** A fact of the ledger. Times in milliseconds since the epoch; on disk they are ISO 8601 in UTC. */
export type Fact = Event & {
  /** Running number, from 1. */
  n: number;
  at: number;
  account: AccountId;
  /** The account's name after it. Written so that a person can read the line. */
  name: string;
  /** The account's tokens after it. */
  balance: number;
};

/**
 * What a line of version 1 cannot say (docs/ledger.md#versions). `models`: a charge names its model; `invites`: there are
 * invitations; `operator`: see {@link isOfOperator}; `api_keys`: see {@link isOfApiKeys}; `key`: the lines that follow have
 * an HMAC; `compacted`: the ledger continues another one, and begins with the state that it left.
 */
export type Feature = "models" | "invites" | "operator" | "api_keys" | "key" | "compacted";

/** How accounts are refilled from here on. `tokens`: null if they are not. `cap`: null if there is none. */
export interface Refill {
  tokens: number | null;
  period: "day" | "week" | "month";
  cap: number | null;
}

/** What happened to no account. A `feature` is named before the first line that needs it. */
export type Notice =
  | { fact: "feature"; feature: Exclude<Feature, "key"> }
  | { fact: "invite"; id: string; digest: string; tokens: number | null; uses: number; expires: number }
  | { fact: "invite_revoked"; id: string }
  | ({ fact: "refill" } & Refill)
  | ({ fact: "continues" } & Continues)
  | ({ fact: "kept" } & KeptLists);

/** The id of the key, and its HMAC of all bytes and fields before it. */
export interface KeyFact {
  n: number;
  at: number;
  fact: "feature";
  feature: "key";
  key: string;
  mac: string;
}

/** A notice with its place in the ledger. */
export type NoticeFact = (Notice & { n: number; at: number }) | KeyFact;

/** A line of the ledger after its header. */
export type Line = Fact | NoticeFact;

/** Whether this version knows the feature of that name. */
const FEATURES: ReadonlySet<unknown> = new Set<Feature>([
  "models",
  "invites",
  "operator",
  "api_keys",
  "key",
  "compacted",
]);
export const isFeature = (name: unknown): name is Feature => FEATURES.has(name);

/** Whether the line needs the feature `operator`, whatever lines precede it. */
export const isOfOperator = (line: Line | Event | Notice): boolean =>
  OPERATOR.has(line.fact) || ("by" in line && line.by !== undefined);
const OPERATOR: ReadonlySet<string> = new Set<Line["fact"]>(["take", "renamed", "deleted", "refill"]);

/** Whether the line needs the feature `api_keys`. */
export const isOfApiKeys = (line: Line): boolean =>
  ("apiKey" in line && line.apiKey !== undefined) ||
  "endsKeys" in line ||
  "apiKeys" in line ||
  API_KEYS.has(line.fact);
const API_KEYS: ReadonlySet<string> = new Set<Line["fact"]>(["api_key", "api_key_ended"]);

/** Id of the API key that the fact is about. */
export function apiKeyOf(fact: Fact): string | undefined {
  if (fact.fact === "api_key" || fact.fact === "api_key_ended") return fact.id;
  return "apiKey" in fact ? fact.apiKey : undefined;
}

/** Whether the server gave it at the begin of a period. Operators' ids do not begin so; in old ledgers they can, without `by`. */
export const isRefill = ({ id, by }: Extract<Event, { fact: "grant" }>): boolean =>
  by !== undefined && id.startsWith(REFILL_ID);

/** What the event adds to the account's balance. */
export const tokensOf = (event: Event): number => ("tokens" in event ? event.tokens : 0);

const before: Shape = { n: count, at: time, fact: text, account: filled, name: filled };
const after: Shape = { balance: count };
const keyed: Shape = { id: text, tokens: whole, key: filled, digest: filled };
const made: Shape = { hash: text, generation: count, tokens: count };
const named: Shape = { id: text, tokens: whole, model: filled };
const act: Shape = { reason: textOrNull, by: textOrNull };
const given: Shape = { id: text, tokens: count, reason: text };
const set: Shape = { hash: text, generation: count };
const byKey: Shape = { ...named, apiKey: filled };

/** Fields of each kind of fact, in the order in which they are written. */
const shapes = new Map<unknown, Shape[]>(
  Object.entries<Shape[]>({
    account: [made, { ...made, invite: filled }],
    grant: [given, { ...given, by: textOrNull }],
    take: [{ id: text, tokens: debit, asked: count, ...act }],
    // The last has every field, in order.
    charge: [
      { id: text, tokens: whole },
      keyed,
      named,
      { ...named, key: filled, digest: filled },
      byKey,
      { ...byKey, key: filled, digest: filled },
    ],
    again: [keyed, { id: text, tokens: whole, apiKey: filled, key: filled, digest: filled }],
    password: [set, { ...set, ...act }, { ...set, endsKeys: isTrue }, { ...set, ...act, endsKeys: isTrue }],
    revoked: [{ jti: text, expires: time }],
    disabled: [{ disabled: flag }, { disabled: flag, ...act }],
    renamed: [{ from: filled, ...act }],
    deleted: [act],
    api_key: [{ id: filled, label: filled, digest, limit: orNull(LIMIT), expires: timeOrNull }],
    api_key_ended: [{ id: filled }],
    opening: [OPENING],
  } satisfies Record<Event["fact"], Shape[]>).map(([kind, own]) => [
    kind,
    own.map((fields) => ({ ...before, ...fields, ...after })),
  ]),
);
for (const [kind, ...own] of [
  [
    "feature",
    { feature: (name) => isFeature(name) && name !== "key" },
    { feature: (name) => name === "key", key: filled, mac: digest },
  ],
  ["invite", { id: filled, digest: filled, tokens: countOrNull, uses: count, expires: time }],
  ["invite_revoked", { id: filled }],
  ["refill", { tokens: countOrNull, period, cap: countOrNull }],
  ["continues", CONTINUES],
  ["kept", KEPT, KEPT_WITH_KEYS],
] satisfies [Notice["fact"], ...Shape[]][])
  shapes.set(
    kind,
    own.map((fields) => ({ n: count, at: time, fact: text, ...fields })),
  );

/** Fields that are milliseconds in memory, and text on disk. */
const TIMES: ReadonlySet<string> = new Set(["at", "expires", "created", "lastQuestion", "refilled"]);

/** The fact in a parsed line without its checksum, or a sentence about what is wrong with it. */
export function factOf(fields: Record<string, unknown>): Line | string {
  const choices = shapes.get(fields["fact"]);
  if (!choices) return "it is of a kind that this version does not know.";
  const names = Object.keys(fields);
  const shape = choices.find((choice) => sameList(Object.keys(choice), names));
  if (!shape) return "a field is missing, unknown or out of order.";
  const wrong = names.find((name) => !shape[name]?.(fields[name]));
  if (wrong !== undefined) return `its field ${wrong} is not what it should be.`;
  const fact: Record<string, unknown> = { ...fields };
  for (const field of TIMES) if (typeof fields[field] === "string") fact[field] = isoTime(fields[field]);
  return fact as unknown as Line;
}

/**
 * The fields of each kind in the order in which they are written. A charge may lack the model, the API key, the key and its
 * digest, an account its invitation, what was no operator's act the reason and by whom.
 */
const orders = new Map<unknown, string[]>(
  [...shapes].map(([kind, choices]) => [kind, Object.keys(choices.at(-1) ?? {})]),
);

/** The fields as they are written, in their order. */
export function fieldsOf(fact: Line): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const field of orders.get(fact.fact) ?? []) {
    const value: unknown = Reflect.get(fact, field);
    fields[field] = TIMES.has(field) && typeof value === "number" ? isoText(value) : value;
  }
  return fields;
}
