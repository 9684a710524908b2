import { ClientError } from "../../client/failure.ts";
import {
  ApiError,
  findAccount,
  listAccounts,
  openReader,
  type AccountRow,
  type FactReader,
  type StorePlace,
} from "../../server/local.ts";
import { commandWords } from "../../text/command-words.ts";
import { repeatable } from "../../text/repeatable.ts";
import type { Call } from "../argv/call.ts";
import { asOwner } from "../failures/as-owner.ts";
import { storeName } from "./operate.ts";
import { checkOneStore, storeDir } from "./server-config.ts";

// What an operator's command reads (docs/accounts.md#books). Reading changes nothing.

interface Opening {
  warn: (sentence: string) => void;
  signal: AbortSignal;
}

const placeOf = ({ values, places }: Pick<Call, "values" | "places">): StorePlace =>
  values.store === undefined
    ? { kind: "json", dir: storeDir(values, places.server), ledgerKey: values.ledgerKey }
    : { kind: "postgres", url: values.store };

function failure(error: unknown, { program, command, words }: Call): unknown {
  const again = (options?: string) => `${program.name} ${commandWords(command, words, options)}`;
  if (!(error instanceof ApiError)) return asOwner(error, (dir) => again(`--data ${dir}`));
  return new ClientError("store_unavailable", "The store cannot be read at the moment.", {
    hint: `Look at its disk, or at its database, then try again: ${again()}`,
    cause: error,
  });
}

async function reading<T>(call: Call, read: (place: StorePlace, opening: Opening) => Promise<T>): Promise<T> {
  checkOneStore(call);
  try {
    return await read(placeOf(call), { warn: call.output.note, signal: call.signal });
  } catch (error) {
    throw failure(error, call);
  }
}

/** All accounts but deleted ones, in no order. Throws `ClientError` or `StartupError`. */
export const allAccounts = (call: Call): Promise<AccountRow[]> => reading(call, listAccounts);

/** The account of that name, in any ASCII case; a deleted one by its pseudonym. Throws as {@link allAccounts}. */
export async function accountNamed(name: string, call: Call): Promise<AccountRow> {
  const row = await reading(call, (place, opening) => findAccount(place, name, opening));
  if (row) return row;
  throw new ClientError(
    "usage",
    `There is no user ${JSON.stringify(repeatable(name).slice(0, 80))} in ${storeName(call)}.`,
    { hint: `See which there are: ${call.program.name} accounts list` },
  );
}

/** Reads facts. Throws as {@link allAccounts}. */
export const withReader = <T>(call: Call, work: (reader: FactReader) => Promise<T>): Promise<T> =>
  reading(call, async (place, opening) => {
    const reader = await openReader(place, opening);
    try {
      return await work(reader);
    } finally {
      await reader.close();
    }
  });
