import { randomUUID } from "node:crypto";
import { join, resolve } from "node:path";
import type { Line } from "../json/facts.ts";
import { LEDGER } from "../json/damage.ts";
import { disk } from "../json/disk.ts";
import { readLines, readWhole } from "../json/files.ts";
import { hasLedger } from "../json/has-ledger.ts";
import { keyTaken, openLedgerKey, type LedgerKey } from "../json/key.ts";
import { readKnown } from "../json/known.ts";
import { readFact, readHeader } from "../json/line.ts";
import { load, type Loaded } from "../json/load.ts";
import { acquireLock } from "../json/lock.ts";
import { checkOwner } from "../json/other-owner.ts";
import { tornSentence } from "../json/replay.ts";
import type { Head } from "../json/seal.ts";
import { SECRET } from "../json/secret.ts";
import type { AccountId } from "../../core/ports.ts";
import { OtherOwner, StartupError } from "../../core/startup-error.ts";
import { unlessAborted } from "../give-up.ts";
import { createCarried } from "./carried.ts";
import { createKeyEntries } from "./key-entries.ts";
import type { Entry, Opening, Source } from "./side.ts";

/** The lock's error with a hint for a copy, which has no `--data`. */
function lockError(error: unknown): unknown {
  if (!(error instanceof StartupError) || error instanceof OtherOwner) return error;
  const hint = "A copy needs the folder for itself: stop the server, then copy again from a local disk.";
  return new StartupError(error.message, hint, error);
}

/** Opens a data folder to copy from, and locks it. Throws `StartupError` if it is in use, damaged, or has no store. */
export async function openJsonSource(
  named: string,
  { now, warn, signal, ledgerKey }: Opening,
): Promise<Source> {
  const dir = resolve(named);
  await checkOwner(disk, dir);
  const key = ledgerKey === undefined ? undefined : await openLedgerKey(ledgerKey, dir);
  if (!(await hasLedger(disk, dir)))
    throw new StartupError(`There is no store in ${dir}.`, "Name the folder that holds ledger.jsonl.");
  const lock = await acquireLock(dir).catch((error: unknown) => {
    throw lockError(error);
  });
  try {
    const loaded = await unlessAborted(() => load(disk, dir, now, key), signal);
    if (key && !loaded.books.features.has("key")) throw keyTaken();
    if (loaded.tail.kind === "torn") warn(tornSentence(loaded.end, loaded.tail.bytes));
    const { accounts, revoked, invites, apiKeys, refills, features } = loaded.books;
    const isOfUse = ({ account }: { account: AccountId }) => accounts.get(account)?.deleted === false;
    return {
      description: `JSON files in ${dir}`,
      accounts: [...accounts.values()].map(
        ({ id, name, hash: passwordHash, generation, disabled, tokens, refilled }) => ({
          id,
          name,
          passwordHash,
          generation,
          disabled,
          tokens,
          refilled,
        }),
      ),
      revoked: [...revoked.values()].filter((token) => token.expires > now && isOfUse(token)),
      invites: [...invites.values()],
      apiKeys: [...apiKeys.all()].map(({ usage: _usage, ...key }) => key),
      known: (await readKnown(disk, dir, now)).filter(isOfUse),
      refills: [...refills],
      models: features.has("models"),
      operator: features.has("operator"),
      secret: await readWhole(disk, join(dir, SECRET)),
      entries: () => entries(dir, loaded, key),
      close: lock.release,
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** The entries of the ledger, up to the end that `load` found. */
async function* entries(
  dir: string,
  { books, end }: Loaded,
  key: LedgerKey | undefined,
): AsyncGenerator<Entry[]> {
  const file = await disk.open(join(dir, LEDGER), "r");
  const carried = createCarried(books.features.has("operator"));
  const keyEntries = createKeyEntries(books.apiKeys);
  let head: Head | undefined;
  const read = (line: Buffer): Entry[] => {
    const result = head === undefined ? readHeader(line) : readFact(line, head, key);
    if (result.kind !== "read")
      throw new StartupError(`${LEDGER}: ${result.why}`, "The file changed during the copy.");
    head = result.head;
    if (!("fact" in result.value)) return [];
    const fact = result.value;
    if (fact.fact === "kept") carried.keep(fact);
    return keyEntries.ofKeys(fact.fact === "opening" ? carried.entriesOf(fact) : entryOf(fact), fact);
  };
  try {
    for await (const lines of readLines(file, end.byte)) yield lines.flatMap(read);
  } finally {
    await file.close();
  }
}

/** Invitations and refills are no entries: `Source` has them. */
function entryOf(fact: Exclude<Line, { fact: "opening" }>): Entry[] {
  if (!("account" in fact)) return [];
  const { account, at } = fact;
  const of = { id: randomUUID(), account, at, tokens: 0 };
  switch (fact.fact) {
    case "account": {
      const { tokens, invite, generation } = fact;
      return [{ id: account, kind: "account", account, at, tokens, invite, generation }];
    }
    case "grant":
    case "take": {
      const { id, tokens, reason, by, fact: kind } = fact;
      return [{ id, kind, account, at, tokens, reason, by, asked: "asked" in fact ? fact.asked : undefined }];
    }
    case "charge":
    case "again": {
      const key = "key" in fact ? { key: fact.key, digest: fact.digest } : undefined;
      const model = fact.fact === "charge" ? fact.model : undefined;
      const { id, tokens, apiKey } = fact;
      return [{ id, kind: fact.fact, account, at, tokens, model, apiKey, key }];
    }
    case "api_key":
    case "api_key_ended":
      return [{ ...of, kind: fact.fact, apiKey: fact.id }];
    case "revoked":
      return [{ ...of, kind: "revoked" }];
    case "disabled":
      return [{ ...of, kind: fact.disabled ? "disabled" : "enabled", reason: fact.reason, by: fact.by }];
    case "password":
    case "renamed":
    case "deleted":
      return [{ ...of, kind: fact.fact, reason: fact.reason, by: fact.by }];
  }
}
