import type { Call } from "../../argv/call.ts";
import { chooseServer, isSameUser, typedCommand, type Chosen } from "../../connection/chosen-server.ts";
import type { PasswordDocument } from "./document.ts";
import { keepLogin } from "../../connection/keep-login.ts";
import { passwordChangeFrom } from "./password-change.ts";
import { connect } from "../../connection/target.ts";

/**
 * The account whose password it is: with `-u NAME` NAME's, by the kept login where that is NAME's, else by logging in
 * with the present password; nobody knows whose `AI_CHAT_TOKEN` is. Without `-u` that of the token.
 */
function chooseAccount(call: Call): { chosen: Chosen; logInAs: string | undefined } {
  const { username } = call.values;
  const chosen = chooseServer(call, username === undefined ? "needed" : "optional");
  if (username === undefined || isSameUser(username, chosen.token?.username ?? ""))
    return { chosen, logInAs: undefined };
  return { chosen: { ...chosen, token: undefined }, logInAs: username };
}

/** A new token takes the place of the kept one of the same account, or of none. */
function isToKeep({ credentials, name, token }: Chosen, logInAs: string | undefined): boolean {
  if (logInAs === undefined) return token?.from === "file";
  const kept = credentials.get(name);
  return kept === undefined || isSameUser(kept.username, logInAs);
}

/** What became of the login, for a person. */
function loginNotes(call: Call, kept: boolean, logInAs: string | undefined): string[] {
  const { values } = call;
  const unset = `Unset it, then log in: ${typedCommand(call, "login")}`;
  if (logInAs === undefined) return kept ? [] : [`The token in AI_CHAT_TOKEN has ended with it. ${unset}`];
  if (!kept) return ["The login that is kept for this server is somebody else's, and stays."];
  const hidden =
    values.token === undefined ? [] : ["AI_CHAT_TOKEN is set and is used instead of this login."];
  return [`You are logged in as ${logInAs}.`, ...hidden];
}

/** `password`: sets a new password; every other login of the account ends, this one goes on. */
export async function password(call: Call): Promise<void> {
  const { chosen, logInAs } = chooseAccount(call);
  const kept = isToKeep(chosen, logInAs);
  const passwords = await passwordChangeFrom(call);
  const target = await connect(call, chosen);
  const { client, name, token: known } = target;
  let isTemporary = logInAs !== undefined;
  try {
    const username = logInAs ?? known?.username ?? null;
    if (logInAs !== undefined) await client.login({ username: logInAs, password: passwords.password });
    const { token } = await client.changePassword(passwords);
    const { output } = call;
    if (kept) {
      await keepLogin(target, { token, username: username ?? "", scheme: known?.scheme });
      isTemporary = false;
    }
    if (output.json) return await output.document({ server: name, username } satisfies PasswordDocument);
    output.note(`Your password at ${name} is changed. You are logged out everywhere else.`);
    for (const note of loginNotes(call, kept, logInAs)) output.note(note);
  } finally {
    // A token that is kept nowhere should end here; where it can't, it ends by itself.
    if (isTemporary) await client.logout().catch(() => undefined);
    await target.close();
  }
}
