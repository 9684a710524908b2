import type { AccountRow } from "../../../server/local.ts";
import type { Call } from "../../argv/call.ts";
import { allAccounts } from "../../connection/books.ts";
import { createJsonList } from "../../io/json-list.ts";
import { createTable, tableLook } from "../../io/table.ts";
import { columnsOf, documentOf } from "./columns.ts";

type Sort = "name" | Exclude<Call["values"]["sort"], undefined>;

/** What is compared: the most or the newest comes first, and who never asked comes last. */
const amounts: Record<Exclude<Sort, "name">, (row: AccountRow) => number> = {
  balance: ({ tokens }) => tokens,
  used: ({ used }) => used,
  created: ({ created }) => created,
  last: ({ lastQuestion }) => lastQuestion ?? Number.NEGATIVE_INFINITY,
};

function byName(a: AccountRow, b: AccountRow): number {
  const [one, other] = [a.username.toLowerCase(), b.username.toLowerCase()];
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Accounts with `search` in their names, in any ASCII case, sorted, at most `limit`. */
export function chosen(
  rows: readonly AccountRow[],
  {
    search = "",
    sort = "name",
    limit,
  }: { search?: string | undefined; sort?: Sort | undefined; limit?: number | undefined },
): AccountRow[] {
  const wanted = search.toLowerCase();
  const found = rows.filter(({ username }) => username.toLowerCase().includes(wanted));
  const amount = sort === "name" ? undefined : amounts[sort];
  found.sort((a, b) => {
    const [one, other] = amount ? [amount(a), amount(b)] : [0, 0];
    return one === other ? byName(a, b) : one < other ? 1 : -1;
  });
  return found.slice(0, limit);
}

/** `accounts list`: shows all accounts but deleted ones (docs/accounts.md#books). */
export async function list(call: Call): Promise<void> {
  const { output, values } = call;
  const all = await allAccounts(call);
  const rows = chosen(all, values);
  if (output.json) {
    const list = createJsonList(output);
    await list.add(rows.map(documentOf));
    return list.end();
  }
  if (rows.length === 0)
    return output.note(all.length === 0 ? "There are no accounts." : "No account has that in its name.");
  const look = tableLook(call);
  await output.line((await createTable(columnsOf(look), look).lines(rows)).join("\n"));
}
