import { join } from "node:path";
import { errorCode } from "../../../disk/errors.ts";
import { isRecord, parsed } from "../../../text/loose-json.ts";
import { KNOWN_AGAIN_MS, KNOWN_MS, MOST_KNOWN } from "../../core/known-address.ts";
import type { AccountId } from "../../core/ports.ts";
import { Damage } from "./damage.ts";
import { readWhole, replaceFile, writeFully, type Files } from "./files.ts";

/** A line for each address from which an account logged in, and for each day that it did. */
export const KNOWN = "known-addresses.jsonl";

/** `address`: a digest. `at`: the login, in milliseconds since the epoch. */
export interface KnownAddress {
  account: AccountId;
  address: string;
  at: number;
}

/** This many lines that say nothing any more are written before the file is made anew. */
const SPARE_LINES = 1000;

const lineOf = ({ account, address, at }: KnownAddress) => `${JSON.stringify({ account, address, at })}\n`;

function readLine(line: string): KnownAddress[] {
  const { account, address, at } = isRecord(parsed(line)) ? (parsed(line) as Partial<KnownAddress>) : {};
  return typeof account === "string" && typeof address === "string" && typeof at === "number"
    ? [{ account, address, at }]
    : [];
}

/** The newest {@link MOST_KNOWN} of each account, oldest first. */
class Addresses {
  readonly #of = new Map<AccountId, KnownAddress[]>();
  count = 0;

  find(account: AccountId, address: string): KnownAddress | undefined {
    return this.#of.get(account)?.find((known) => known.address === address);
  }

  set(known: KnownAddress): void {
    const all = this.#of.get(known.account) ?? [];
    const kept = [...all.filter(({ address }) => address !== known.address), known].slice(-MOST_KNOWN);
    this.count += kept.length - all.length;
    this.#of.set(known.account, kept);
  }

  /** Whether it had any. */
  forget(account: AccountId): boolean {
    this.count -= this.#of.get(account)?.length ?? 0;
    return this.#of.delete(account);
  }

  all(): KnownAddress[] {
    return [...this.#of.values()].flat();
  }
}

/** The known addresses of a data folder that have not expired at `now`, and how many lines they were read from. */
async function read(files: Files, dir: string, now: number) {
  const bytes = await readWhole(files, join(dir, KNOWN));
  const lines = bytes?.toString().split("\n") ?? [];
  const addresses = new Addresses();
  // What cannot be read is dropped: such an address is known again after the next login.
  for (const known of lines.flatMap(readLine)) if (known.at + KNOWN_MS > now) addresses.set(known);
  // The last one ends without a newline if it was torn: then the file is made anew, and nothing is joined to it.
  return { addresses, lines: lines.at(-1) === "" ? lines.length - 1 : lines.length };
}

/** The known addresses of a data folder, for a copy. */
export async function readKnown(files: Files, dir: string, now: number): Promise<KnownAddress[]> {
  return (await read(files, dir, now)).addresses.all();
}

/** Writes them into a new data folder. */
export async function writeKnown(files: Files, dir: string, known: KnownAddress[]): Promise<void> {
  if (known.length > 0) await replaceFile(files, dir, KNOWN, Buffer.from(known.map(lineOf).join("")));
}

interface Options {
  files: Files;
  dir: string;
  now: () => number;
  warn: (sentence: string) => void;
  /** A server that was killed may have left addresses of one. */
  isDeleted: (account: AccountId) => boolean;
}

/**
 * Known addresses (`Accounts.knows`) in a file beside the ledger, which keeps its lines for ever. It is read at the first
 * call. Nothing rejects: without the file a login still succeeds.
 */
export function createKnown({ files, dir, now, warn, isDeleted }: Options) {
  const path = join(dir, KNOWN);
  let opened: ReturnType<typeof open> | undefined;
  let last: Promise<void> = Promise.resolve();
  let warned = false;

  function failed(error: unknown): void {
    if (warned) return;
    warned = true;
    const why = error instanceof Damage ? "no file" : (errorCode(error) ?? "unknown error");
    warn(`${KNOWN} cannot be used (${why}): after a restart no address is known from before.`);
  }

  async function open() {
    try {
      const found = await read(files, dir, now());
      for (const { account } of found.addresses.all())
        if (isDeleted(account)) found.addresses.forget(account);
      if (found.lines === found.addresses.count) return found;
      return await writeAnew(found.addresses);
    } catch (error) {
      failed(error);
      return { addresses: new Addresses(), lines: 0 };
    }
  }

  async function writeAnew(addresses: Addresses) {
    await replaceFile(files, dir, KNOWN, Buffer.from(addresses.all().map(lineOf).join("")));
    return { addresses, lines: addresses.count };
  }

  async function append(known: KnownAddress): Promise<void> {
    const state = await (opened ??= open());
    if (state.lines > 2 * state.addresses.count + SPARE_LINES || state.lines === 0) {
      Object.assign(state, await writeAnew(state.addresses));
      return;
    }
    const file = await files.open(path, "r+");
    try {
      await writeFully(file, Buffer.from(lineOf(known)), (await file.stat()).size);
      state.lines += 1;
    } finally {
      await file.close();
    }
  }

  return {
    async knows(account: AccountId, address: string): Promise<boolean> {
      const { addresses } = await (opened ??= open());
      const known = addresses.find(account, address);
      return known !== undefined && known.at + KNOWN_MS > now();
    },
    async remember(account: AccountId, address: string): Promise<void> {
      const { addresses } = await (opened ??= open());
      const before = addresses.find(account, address);
      if (isDeleted(account) || (before !== undefined && before.at + KNOWN_AGAIN_MS > now())) return;
      const known = { account, address, at: now() };
      addresses.set(known);
      last = last.then(() => append(known)).catch(failed);
      await last;
    },
    async forget(account: AccountId): Promise<void> {
      const state = await (opened ??= open());
      if (!state.addresses.forget(account)) return;
      last = last
        .then(() => writeAnew(state.addresses))
        .then((anew) => void Object.assign(state, anew), failed);
      await last;
    },
    /** Waits for what is being written. */
    close: () => last,
  };
}

export type Known = ReturnType<typeof createKnown>;
