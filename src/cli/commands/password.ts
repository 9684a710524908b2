import type { Call } from "../call.ts";
import type { Document } from "../documents.ts";
import { chooseServer, typedCommand } from "../chosen-server.ts";
import { keepLogin } from "../keep-login.ts";
import { passwordChangeFrom } from "../password-change.ts";
import { connect } from "../target.ts";

/** `password`: sets a new password; every other login of the account ends, this one goes on. */
export async function password(call: Call): Promise<void> {
  const chosen = chooseServer(call, "needed");
  const passwords = await passwordChangeFrom(call);
  const target = await connect(call, chosen);
  try {
    const { token } = await target.client.changePassword(passwords);
    const { output } = call;
    const { name, token: known } = target;
    const username = known?.username ?? null;
    const isKept = known?.from === "file";
    if (isKept) await keepLogin(target, { token, username: username ?? "", scheme: known.scheme });
    if (output.json) return await output.document({ server: name, username } satisfies Document<"password">);
    output.note(`Your password at ${name} is changed. You are logged out everywhere else.`);
    if (!isKept)
      output.note(
        `The token in AI_CHAT_TOKEN has ended with it. Unset it, then log in: ${typedCommand(call, "login")}`,
      );
  } finally {
    await target.close();
  }
}
