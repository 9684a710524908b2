import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { makeStoreFolder, mustBeEmpty } from "../new-folder.ts";
import { Damage, LEDGER } from "../json/damage.ts";
import { disk } from "../json/disk.ts";
import { createFile, replaceFile, syncFolder, writeFully, type OpenFile } from "../json/files.ts";
import type { Event, Feature, Line } from "../json/facts.ts";
import { writeKnown } from "../json/known.ts";
import { factLine, headerLine } from "../json/line.ts";
import { load } from "../json/load.ts";
import { SECRET } from "../json/secret.ts";
import { unlessAborted } from "../give-up.ts";
import { createEvents } from "./events.ts";
import type { Copied, CopiedAccount, Opening, Source, Target } from "./side.ts";
import { createSums, differs } from "./sums.ts";

/** Characters that are collected before they are written. */
const PIECE = 1024 * 1024;

/** A data folder to copy to. One rename at the end makes it. Throws `StartupError` if it is not empty. */
export async function openJsonTarget(named: string, opening: Opening): Promise<Target> {
  const dir = resolve(named);
  await mustBeEmpty(dir, "copy", opening.warn);
  return {
    description: `JSON files in ${dir}`,
    take: (source) => take(dir, source, opening),
    close: async () => {},
  };
}

const take = (dir: string, source: Source, opening: Opening): Promise<Copied> =>
  makeStoreFolder(dir, "copy", async (staging) => {
    const copied = await write(staging, source, opening);
    await check(staging, source, opening);
    return copied;
  });

async function write(staging: string, source: Source, opening: Opening): Promise<Copied> {
  const file = await createFile(disk, staging, LEDGER);
  try {
    const copied = await writeLedger(file, source, opening);
    await file.sync();
    await writeKnown(disk, staging, source.known);
    if (source.secret) await replaceFile(disk, staging, SECRET, source.secret);
    await syncFolder(disk, staging);
    return copied;
  } finally {
    await file.close();
  }
}

async function writeLedger(file: OpenFile, source: Source, { now, signal }: Opening): Promise<Copied> {
  const accounts = new Map(source.accounts.map((account) => [account.id, account]));
  const sums = createSums();
  const { eventOf, unused, endedToo } = createEvents(source);
  const features = featuresOf(source);
  const header = headerLine({ version: features.length > 0 ? 2 : 1, ledger: randomUUID(), at: now });
  let lines = `${header.text}\n`;
  let [head, n, position] = [header.head, 0, 0];

  async function flush(least: number): Promise<void> {
    if (lines.length < least) return;
    const bytes = Buffer.from(lines);
    await writeFully(file, bytes, position);
    position += bytes.length;
    lines = "";
  }
  function addLine(fact: Line): void {
    const line = factLine(fact, head);
    ({ n } = fact);
    ({ head } = line);
    lines += `${line.text}\n`;
  }
  function add({ id: account, name }: CopiedAccount, at: number, event: Event, balance: number): void {
    addLine({ n: n + 1, at, account, name, balance, ...event });
  }
  for (const feature of features) addLine({ n: n + 1, at: now, fact: "feature", feature });
  for (const { id, digest, tokens, uses, expires, at } of source.invites)
    addLine({ n: n + 1, at, fact: "invite", id, digest, tokens, uses, expires });
  for (const { at, tokens, period, cap } of source.refills)
    addLine({ n: n + 1, at, fact: "refill", tokens, period, cap });

  for await (const piece of source.entries()) {
    signal?.throwIfAborted();
    for (const entry of piece) {
      const account = accounts.get(entry.account);
      if (!account) throw differs("the ledger has entries of an account that does not exist");
      add(account, entry.at, eventOf(entry, account), sums.add(entry));
    }
    await flush(PIECE);
  }
  // What a server of the version before did has no entry.
  for (const account of source.accounts)
    if (account.disabled !== sums.of(account.id).disabled)
      add(account, now, { fact: "disabled", disabled: account.disabled }, account.tokens);
  for (const { account, jti, expires } of unused()) {
    const owner = accounts.get(account);
    if (owner) add(owner, now, { fact: "revoked", jti, expires }, owner.tokens);
  }
  for (const { account, id } of endedToo()) {
    const owner = accounts.get(account);
    if (owner) add(owner, now, { fact: "api_key_ended", id }, owner.tokens);
  }
  for (const { id, revoked } of source.invites)
    if (revoked) addLine({ n: n + 1, at: now, fact: "invite_revoked", id });
  await flush(0);
  sums.check(source.accounts);
  return sums.copied();
}

/** A ledger with any feature has `models`: a start would write it anew otherwise. */
function featuresOf({ models, operator, invites, apiKeys }: Source): Exclude<Feature, "key">[] {
  const later: Exclude<Feature, "key">[] = [];
  if (invites.length > 0) later.push("invites");
  if (operator) later.push("operator");
  if (apiKeys.length > 0) later.push("api_keys");
  return models || later.length > 0 ? ["models", ...later] : [];
}

/** Reads the copy as a server would at its start, and compares the accounts. */
async function check(staging: string, source: Source, { now, signal }: Opening): Promise<void> {
  const { books } = await unlessAborted(() => load(disk, staging, now), signal).catch((error: unknown) => {
    if (!(error instanceof Damage)) throw error;
    throw differs(`the target cannot be read back: ${error.message.replace(/\.$/, "")}`);
  });
  if (books.accounts.size !== source.accounts.length) throw differs("accounts are missing");
  for (const { id, name, passwordHash, generation, disabled, tokens } of source.accounts) {
    const kept = books.accounts.get(id);
    const same = kept?.tokens === tokens && kept.hash === passwordHash && kept.name === name;
    if (!same || kept.generation !== generation || kept.disabled !== disabled)
      throw differs(`the account ${name} differs`);
  }
  for (const { id, used, revoked } of source.invites) {
    const kept = books.invites.get(id);
    if (kept?.used !== used || kept.revoked !== revoked) throw differs(`the invitation ${id} differs`);
  }
  for (const { id, account, name, digest, ended } of source.apiKeys) {
    const kept = books.apiKeys.get(id);
    const same = kept?.account === account && kept.name === name && kept.digest === digest;
    if (!same || kept.ended !== ended) throw differs(`the API key ${id} differs`);
  }
}
