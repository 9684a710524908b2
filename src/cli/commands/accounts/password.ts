import { ClientError } from "../../../client/failure.ts";
import { passwordFaults } from "../../../protocol/password-rules.ts";
import { hashPassword } from "../../../server/local.ts";
import type { Call } from "../../argv/call.ts";
import { act, actOf } from "../../connection/act.ts";
import { accountToChange } from "../../connection/books.ts";
import { storeName } from "../../connection/operate.ts";
import { sameCommand } from "../../connection/same-command.ts";
import { confirmed } from "../../io/confirm.ts";
import { newPassword } from "../../io/new-password.ts";
import { withoutEcho } from "../../io/prompt.ts";
import { passwordFromStdin, terminal } from "../../io/sign-in-input.ts";
import type { ResetDocument } from "./document.ts";

/** The new password, from `--password-stdin` or the terminal. `AI_CHAT_PASSWORD` is the user's own, and is not read. */
async function typedPassword(call: Call): Promise<string> {
  const again = sameCommand(call);
  const prompt = terminal(call);
  if (!call.values.passwordStdin && !prompt)
    throw new ClientError(
      "input_required",
      "The new password is missing, and there is no terminal to ask for it.",
      { hint: `Write it into a pipe: ${sameCommand(call, "--password-stdin")}` },
    );
  if (!call.values.passwordStdin && prompt)
    return withoutEcho(prompt, (ask) =>
      newPassword(call, ask, { label: "New password: ", rules: passwordFaults, again }),
    );
  const password = await passwordFromStdin(call);
  const faults = passwordFaults(password);
  if (faults.length === 0) return password;
  throw new ClientError("usage", `The password must ${faults.join(", and ")}.`, {
    hint: `Nothing has changed. Try again: ${again}`,
  });
}

/** `accounts password NAME`: sets a new one, which is hashed in this process. All logins and API keys of the account end. */
export async function password(call: Call, [name = ""]: readonly string[]): Promise<number> {
  const { output, values } = call;
  const { id, username } = await accountToChange(name, call);
  const what = `${username} in ${storeName(call)} will get a new password: the old one is refused, and all its logins and API keys end.`;
  if (!(await confirmed(what, call))) return 1;
  const hash = await hashPassword(await typedPassword(call), values.bcryptCost);
  await act({ kind: "set_password", account: id, hash, ...actOf(call) }, call);
  if (output.json) await output.document({ username } satisfies ResetDocument);
  else await output.line(`${username} has a new password. All its logins and API keys have ended.`);
  return 0;
}
