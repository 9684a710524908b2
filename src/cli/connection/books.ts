import { ClientError } from "../../client/failure.ts";
import {
  findAccount,
  listAccounts,
  openReader,
  type AccountRow,
  type FactReader,
} from "../../server/local.ts";
import { namedBriefly } from "../../text/named-briefly.ts";
import type { Call } from "../argv/call.ts";
import { reading, storeName } from "./operate.ts";
import { listCommand } from "./same-command.ts";

// What an operator's command reads (docs/accounts.md#books). Reading changes nothing.

/** All accounts but deleted ones, in no order. Throws `ClientError` or `StartupError`. */
export const allAccounts = (call: Call): Promise<AccountRow[]> => reading(call, listAccounts);

/** Names that no account has. */
export const unknownNames = (names: readonly string[], call: Call): ClientError =>
  new ClientError(
    "usage",
    `There ${names.length === 1 ? "is no user" : "are no users"} ${namedBriefly(names)} in ${storeName(call)}.`,
    { hint: `See which there are: ${listCommand(call)}` },
  );

/** A deleted account is found by its pseudonym, which has a character that no name can have. */
export const isDeleted = ({ username }: AccountRow): boolean => username.includes("#");

/** The account of that name, in any ASCII case; a deleted one by its pseudonym. Throws as {@link allAccounts}. */
export async function accountNamed(name: string, call: Call): Promise<AccountRow> {
  const row = await reading(call, (place, opening) => findAccount(place, name, opening));
  if (row) return row;
  throw unknownNames([name], call);
}

/** The account of that name, which is to be changed; a deleted one is none. Throws as {@link allAccounts}. */
export async function accountToChange(name: string, call: Call): Promise<AccountRow> {
  const row = await reading(call, (place, opening) =>
    findAccount(place, name, { ...opening, changes: true }),
  );
  if (row && !isDeleted(row)) return row;
  throw unknownNames([name], call);
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
