import { counted } from "../../../text/numbers.ts";
import type { Call } from "../../argv/call.ts";
import { act, actOf } from "../../connection/act.ts";
import { accountToChange } from "../../connection/books.ts";
import { storeName } from "../../connection/operate.ts";
import { confirmed } from "../../io/confirm.ts";
import type { DeletedDocument } from "./document.ts";

/** `accounts delete NAME` (docs/accounts.md#forget-somebody). */
export async function remove(call: Call, [name = ""]: readonly string[]): Promise<number> {
  const { output } = call;
  const { id, username, tokens } = await accountToChange(name, call);
  const what = `${username} in ${storeName(call)} will be deleted, with ${counted(tokens, "token")}: its logins and API keys end, and nothing brings it back.`;
  if (!(await confirmed(what, call))) return 1;
  const reply = await act({ kind: "remove", account: id, ...actOf(call) }, call);
  const pseudonym = reply.kind === "removed" ? reply.pseudonym : "";
  if (output.json) await output.document({ username, pseudonym } satisfies DeletedDocument);
  else await output.line(`Deleted ${username}. Its sums stay under ${pseudonym}; the name is free.`);
  return 0;
}
