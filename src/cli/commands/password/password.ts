import { isSameUser } from "../../../client/account-name.ts";
import { ClientError } from "../../../client/failure.ts";
import { isKeyLike } from "../../../protocol/api-key.ts";
import type { Call } from "../../argv/call.ts";
import { chooseServer, placeOf, typedCommand, type Chosen } from "../../connection/chosen-server.ts";
import type { PasswordDocument } from "./document.ts";
import { keepLogin } from "../../connection/keep-login.ts";
import { passwordChangeFrom } from "./password-change.ts";
import { connect } from "../../connection/target.ts";

/**
 * Selects the account. Without `-u` it is that of the token. With `-u NAME` the saved login is used if it belongs to
 * NAME; otherwise the command logs in with the current password, because the account of `AI_CHAT_TOKEN` is not known.
 */
function chooseAccount(call: Call): { chosen: Chosen; logInAs: string | undefined } {
  const { username } = call.values;
  const chosen = chooseServer(call, username === undefined ? "needed" : "optional");
  if (username === undefined || isSameUser(username, chosen.token?.username ?? ""))
    return { chosen, logInAs: undefined };
  return { chosen: { ...chosen, token: undefined }, logInAs: username };
}

/** Whether to save the new token: not if the old one is from the environment, or if another account is logged in. */
function isToKeep({ credentials, name, token }: Chosen, logInAs: string | undefined): boolean {
  if (logInAs === undefined) return token?.from === "file";
  const kept = credentials.get(name);
  return kept === undefined || isSameUser(kept.username, logInAs);
}

/** Notes about the state of the login. */
function loginNotes(call: Call, kept: boolean, logInAs: string | undefined): string[] {
  const { values } = call;
  const unset = `Unset it, then log in: ${typedCommand(call, "login")}`;
  if (logInAs === undefined) return kept ? [] : [`The token in AI_CHAT_TOKEN is no longer valid. ${unset}`];
  if (!kept) return ["The saved login for this server belongs to another account and is unchanged."];
  const hidden =
    values.token === undefined ? [] : ["AI_CHAT_TOKEN is set and is used instead of this login."];
  return [`You are logged in as ${logInAs}.`, ...hidden];
}

/** `password`: sets a new password. Every other login of the account ends; this one stays. */
export async function password(call: Call): Promise<void> {
  const { chosen, logInAs } = chooseAccount(call);
  // Before anything is asked for.
  if (chosen.token && isKeyLike(chosen.token.token))
    throw new ClientError("key_not_allowed", "An API key can't change the password.");
  const kept = isToKeep(chosen, logInAs);
  const passwords = await passwordChangeFrom(call);
  const target = await connect(call, chosen);
  const { client, name, token: known } = target;
  let isTemporary = logInAs !== undefined;
  try {
    const username = logInAs ?? known?.username ?? null;
    if (logInAs !== undefined) await client.login({ username: logInAs, password: passwords.password });
    const { token } = await client.changePassword({ ...passwords, endsKeys: call.values.revokeKeys });
    const { output } = call;
    if (kept) {
      await keepLogin(target, { token, username: username ?? "", scheme: known?.scheme });
      isTemporary = false;
    }
    if (output.json) return await output.document({ server: name, username } satisfies PasswordDocument);
    output.note(`Your password at ${placeOf(name)} is changed. You are logged out everywhere else.`);
    if (call.values.revokeKeys) output.note("Your API keys have ended.");
    for (const note of loginNotes(call, kept, logInAs)) output.note(note);
  } finally {
    // A token that was not saved is revoked. If that fails, it expires by itself.
    if (isTemporary) await client.logout().catch(() => undefined);
    await target.close();
  }
}
