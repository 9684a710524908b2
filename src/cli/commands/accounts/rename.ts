import { ClientError } from "../../../client/failure.ts";
import { usernameFaults } from "../../../protocol/username-rules.ts";
import { foldName } from "../../../server/local.ts";
import { repeatable } from "../../../text/repeatable.ts";
import type { Call } from "../../argv/call.ts";
import { act, actOf } from "../../connection/act.ts";
import { accountToChange } from "../../connection/books.ts";
import { storeName } from "../../connection/operate.ts";
import { confirmed } from "../../io/confirm.ts";
import type { RenamedDocument } from "./document.ts";

/** `accounts rename OLD NEW`. Logins stay valid, because a token carries the ID of its account. */
export async function rename(call: Call, [old = "", name = ""]: readonly string[]): Promise<number> {
  const { output, program } = call;
  const faults = usernameFaults(name);
  if (faults.length > 0)
    throw new ClientError("usage", `The username ${faults.join(", and ")}.`, {
      hint: `Choose another name: ${program.name} accounts rename OLD NEW`,
    });
  const { id, username } = await accountToChange(old, call);
  const freed = foldName(name) === foldName(username) ? "" : `, and anybody may register as ${username}`;
  const what = `${username} in ${storeName(call)} will be ${name}: it logs in as ${name}${freed}.`;
  if (!(await confirmed(what, call))) return 1;
  const { kind } = await act({ kind: "rename", account: id, name, ...actOf(call) }, call);
  if (kind === "name_taken")
    throw new ClientError(
      "username_taken",
      `Another account has the name ${JSON.stringify(repeatable(name))}.`,
      { hint: "Nothing has changed. Choose another name." },
    );
  const changed = kind === "done";
  if (output.json)
    await output.document({ username: name, from: username, changed } satisfies RenamedDocument);
  else await output.line(changed ? `Renamed ${username} to ${name}.` : `${name} already has this name.`);
  return 0;
}
