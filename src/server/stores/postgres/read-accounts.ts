import type { Operations } from "../../core/operations.ts";
import { createAccountRows } from "./account-rows.ts";
import { openToRead, type Reading } from "./snapshot.ts";

/** Reads accounts of a database. Changes nothing. Throws `StartupError` if it has no store, or one of another version. */
export async function readAccounts<T>(
  url: string,
  opening: Reading,
  read: (accounts: Pick<Operations, "accounts" | "account">) => Promise<T>,
): Promise<T> {
  const { database } = await openToRead(url, opening);
  try {
    return await read(createAccountRows(database));
  } finally {
    await database.close();
  }
}
