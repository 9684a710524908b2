import { createHash } from "node:crypto";
import { join } from "node:path";
import { Low, type Adapter } from "lowdb";
import { KEY_LIFETIME_MS } from "../../../protocol/limits.ts";
import { pseudonymOf } from "../../core/operations.ts";
import type { AccountId, DayUsage } from "../../core/ports.ts";
import type { Refills } from "../../core/refill.ts";
import { createBooks, openAccount, type Books, type Timed } from "./books.ts";
import { postKey, postRevoked, type ChargedKey, type RevokedToken } from "./kept.ts";
import type { GivenGrant } from "./grants.ts";
import { openInvite, type InviteBook } from "./invite-books.ts";
import { CHECKPOINT, checkpointDamage, newerCheckpoint } from "./damage.ts";
import { isFeature, type Feature } from "./facts.ts";
import { readWhole, replaceFile, type Files } from "./files.ts";
import { keyWithId, macOf, type LedgerKey } from "./key.ts";
import { unknownFeature, type Version } from "./line.ts";
import { createUsage } from "./usage.ts";

const FORMAT = "ai-chat-checkpoint";
const VERSION = 1;

/** The part of the ledger that a checkpoint covers. */
export interface Covered {
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

/** `accounts.json`: everything that the first `length` bytes of the ledger imply. */
export interface Checkpoint extends Covered {
  format: string;
  version: number;
  ledger: string;
  /** Absent in the checkpoint of a ledger of version 1. */
  features?: Feature[];
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
    days: DayUsage[];
  }[];
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
}

/** A checkpoint of these books, without what has expired at `now`. */
export function checkpointOf(books: Books, covered: Covered, now: number): Checkpoint {
  const accounts = [...books.accounts.values()];
  const isOfUse = ({ account }: { account: AccountId }) => books.accounts.get(account)?.deleted === false;
  return {
    format: FORMAT,
    version: VERSION,
    ledger: books.ledger,
    ...covered,
    sha256: sumOf(books.version, covered.sha256),
    ...(books.version > 1 && { features: [...books.features] }),
    ...(typeof books.head === "number" ? { crc: books.head } : { head: books.head }),
    accounts: accounts.map(({ id, name, hash, generation, disabled, tokens, usage }) => ({
      id,
      name,
      hash,
      generation,
      disabled,
      tokens,
      days: usage.kept(now),
    })),
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
  };
}

/** Version of the ledger that the checkpoint was made from. */
export const versionOf = ({ features }: Checkpoint): Version => (features ? 2 : 1);

/** Whether the checkpoint was made from bytes of this SHA-256. */
export const covers = (checkpoint: Checkpoint, sha256: string): boolean =>
  checkpoint.sha256 === sumOf(versionOf(checkpoint), sha256);

/** Whether it lacks what the keys cost. */
export const lacksCosts = ({ keys }: Checkpoint): boolean =>
  keys.some(({ cost }: Partial<ChargedKey>) => cost === undefined);

/** Whether it lacks what later versions know about accounts and times. */
export const lacksMore = ({ more, times }: Checkpoint): boolean => more === undefined || times === undefined;

const hasKey = ({ features }: Checkpoint) => features?.includes("key") === true;

/** Whether a start can go on from it. With a key, one that was made without it could be anybody's. */
export const isEnough = (checkpoint: Checkpoint, key: LedgerKey | undefined): boolean =>
  !lacksCosts(checkpoint) && !lacksMore(checkpoint) && (key === undefined || hasKey(checkpoint));

/** The books that a checkpoint describes. */
export function booksOf(checkpoint: Checkpoint, now: number): Books {
  const books = createBooks();
  books.ledger = checkpoint.ledger;
  books.version = versionOf(checkpoint);
  for (const feature of checkpoint.features ?? []) books.features.add(feature);
  // The header has no number.
  books.n = checkpoint.lines - 1;
  books.head = checkpoint.head ?? checkpoint.crc ?? 0;
  Object.assign(books, checkpoint.times);
  for (const [at, { id, name, hash, generation, disabled, tokens, days }] of checkpoint.accounts.entries()) {
    // Of an older ai-chat: that checkpoint is compared only.
    const [created, lastQuestion, used, refilled] = checkpoint.more?.[at] ?? [0, null, 0, null];
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
      usage: createUsage(days),
    });
  }
  for (const charged of checkpoint.keys) postKey(books, charged, now);
  for (const token of checkpoint.revoked) postRevoked(books, token, now);
  for (const given of checkpoint.grants) books.grants.add(given);
  for (const invite of checkpoint.invites ?? []) openInvite(books, invite);
  books.refills = checkpoint.refills ?? [];
  return books;
}

/**
 * Reads `accounts.json`; undefined if there is none. Throws `Damage` if it was changed since it was written, and `KeyError`
 * if it was made with another key.
 */
export async function readCheckpoint(
  files: Files,
  dir: string,
  key: LedgerKey | undefined,
): Promise<Checkpoint | undefined> {
  const db = openDocument(files, dir, key);
  await db.read();
  return db.data.format === "" ? undefined : db.data;
}

/** Replaces `accounts.json`, durably. */
export async function writeCheckpoint(
  files: Files,
  dir: string,
  checkpoint: Checkpoint,
  key: LedgerKey | undefined,
): Promise<void> {
  const db = openDocument(files, dir, key);
  db.data = checkpoint;
  await db.write();
}

function openDocument(files: Files, dir: string, key: LedgerKey | undefined): Low<Checkpoint> {
  const none = checkpointOf(createBooks(), { length: 0, lines: 0, sha256: "" }, 0);
  return new Low(createSealedFile(files, dir, key), { ...none, format: "" });
}

/** lowdb's adapter for a file that is replaced atomically, synced, and ends with its own checksum. */
function createSealedFile(files: Files, dir: string, key: LedgerKey | undefined): Adapter<Checkpoint> {
  return {
    async read() {
      const bytes = await readWhole(files, join(dir, CHECKPOINT));
      return bytes === undefined ? null : unseal(bytes, key);
    },
    write: (checkpoint) => replaceFile(files, dir, CHECKPOINT, seal(checkpoint, key)),
  };
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const sealEnd = (sum: string) => `,"checksum":"${sum}"}\n`;
const SEAL_BYTES = sealEnd("0".repeat(64)).length;

const macEnd = (mac: string) => `,"mac":"${mac}"`;
const MAC_BYTES = macEnd("0".repeat(64)).length;

function seal(checkpoint: Checkpoint, key: LedgerKey | undefined): Buffer {
  const plain = JSON.stringify(key ? { ...checkpoint, key: key.id } : checkpoint).slice(0, -1);
  const body = Buffer.from(key ? plain + macEnd(macOf(key, plain)) : plain);
  return Buffer.concat([body, Buffer.from(sealEnd(sha256(body)))]);
}

function unseal(bytes: Buffer, key: LedgerKey | undefined): Checkpoint {
  const body = bytes.subarray(0, Math.max(0, bytes.length - SEAL_BYTES));
  if (bytes.toString("latin1", body.length) !== sealEnd(sha256(body)))
    throw checkpointDamage("its checksum is wrong: it was changed, or is incomplete.");
  let read: Checkpoint;
  try {
    read = JSON.parse(`${body.toString("utf8")}}`) as Checkpoint;
  } catch (error) {
    throw checkpointDamage("it is not JSON.", error);
  }
  if (read.format !== FORMAT || read.version !== VERSION)
    throw checkpointDamage(`it has version ${read.version}, which this ai-chat cannot read.`);
  const unknown = read.features?.find((feature) => !isFeature(feature));
  if (unknown !== undefined) throw newerCheckpoint(unknownFeature(unknown));
  if (hasKey(read)) {
    const plain = body.subarray(0, Math.max(0, body.length - MAC_BYTES));
    if (body.toString("latin1", plain.length) !== macEnd(macOf(keyWithId(key, read.key), plain)))
      throw checkpointDamage("it was changed by somebody without the key.");
  }
  return read;
}
