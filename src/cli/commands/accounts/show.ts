import type { Call } from "../../argv/call.ts";
import { accountNamed } from "../../connection/books.ts";
import { fieldLines, tableLook } from "../../io/table.ts";
import { apiKeys, columnsOf, documentOf } from "./columns.ts";
import type { ShownDocument } from "./document.ts";

/** `accounts show NAME`: shows one account, also a deleted one by its pseudonym (docs/accounts.md#books). */
export async function show(call: Call, [name = ""]: readonly string[]): Promise<void> {
  const { output } = call;
  const row = await accountNamed(name, call);
  if (output.json)
    return output.document({ ...documentOf(row), api_keys: row.apiKeys ?? null } satisfies ShownDocument);
  const look = tableLook(call);
  // Lines have room for times of day on any screen.
  await output.line(fieldLines([...columnsOf({ width: undefined }), apiKeys], row, look).join("\n"));
}
