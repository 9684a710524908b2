import type { Call } from "../../argv/call.ts";
import { act, actOf } from "../../connection/act.ts";
import { accountToChange } from "../../connection/books.ts";
import { storeName } from "../../connection/operate.ts";
import { confirmed } from "../../io/confirm.ts";
import type { DisabledDocument } from "./document.ts";

async function setDisabled(call: Call, name: string, disabled: boolean): Promise<number> {
  const { output } = call;
  const { id, username } = await accountToChange(name, call);
  const what = `${username} in ${storeName(call)} will be locked out: its logins and its questions are refused until it is enabled.`;
  if (disabled && !(await confirmed(what, call))) return 1;
  const { kind } = await act({ kind: "set_disabled", account: id, disabled, ...actOf(call) }, call);
  const changed = kind === "done";
  if (output.json) await output.document({ username, disabled, changed } satisfies DisabledDocument);
  else if (changed) await output.line(`${disabled ? "Disabled" : "Enabled"} ${username}.`);
  else await output.line(`${username} ${disabled ? "is already disabled" : "is not disabled"}.`);
  return 0;
}

/** `accounts disable NAME`: its tokens are refused at once, at every server. */
export const disable = (call: Call, [name = ""]: readonly string[]) => setDisabled(call, name, true);

/** `accounts enable NAME`: its tokens are valid again. */
export const enable = (call: Call, [name = ""]: readonly string[]) => setDisabled(call, name, false);
