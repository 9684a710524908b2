import type { Call } from "../../argv/call.ts";
import type { ApiClient } from "../../../client/http/contract.ts";
import { refusesNewToken } from "../../../client/new-login.ts";
import type { LoginDocument } from "./document.ts";
import { placeOf } from "../../connection/chosen-server.ts";
import { checkKeepable, keepLogin, makeNamedDefault } from "../../connection/keep-login.ts";
import { grouped } from "../../../text/numbers.ts";
import { passwordFrom, usernameFrom } from "../../io/sign-in-input.ts";
import { withTarget } from "../../connection/target.ts";

/** The balance after a login, which succeeded even if that cannot be read, unless the server refuses the token. */
export const firstBalance = (client: ApiClient, signal: AbortSignal): Promise<{ tokens: number | null }> =>
  client.balance(signal).catch((error: unknown) => {
    if (refusesNewToken(error)) throw error;
    return { tokens: null };
  });

/** `login`: gets a token and saves it for this server. */
export async function login(call: Call): Promise<void> {
  await checkKeepable(call);
  const username = await usernameFrom(call, "login");
  const password = await passwordFrom(call, { isNew: false, command: "login" });
  await withTarget(call, "optional", async (target) => {
    const { client, name } = target;
    const { token } = await client.login({ username, password });
    await keepLogin(target, { username, token, given: Date.now() });
    const { output, signal } = call;
    const { tokens } = await firstBalance(client, signal);
    await makeNamedDefault(call, name);
    if (output.json) return output.document({ server: name, username, tokens } satisfies LoginDocument);
    const balance = tokens === null ? "" : `; ${grouped(tokens)} tokens left`;
    output.note(`Logged in at ${placeOf(name)} as ${username}${balance}.`);
    if (call.values.token !== undefined)
      output.note("AI_CHAT_TOKEN is set and is used instead of this login.");
  });
}
