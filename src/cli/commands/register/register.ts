import type { Call } from "../../argv/call.ts";
import { accountMade } from "../../../client/new-login.ts";
import type { LoginDocument } from "../login/document.ts";
import { firstBalance } from "../login/login.ts";
import { checkKeepable, keepLogin, makeNamedDefault } from "../../connection/keep-login.ts";
import { grouped } from "../../../text/numbers.ts";
import { passwordFrom, usernameFrom } from "../../io/sign-in-input.ts";
import { placeOf, typedCommand } from "../../connection/chosen-server.ts";
import { withTarget } from "../../connection/target.ts";

/** `register`: creates an account and logs in. */
export async function register(call: Call): Promise<void> {
  await checkKeepable(call);
  const username = await usernameFrom(call, "register");
  const password = await passwordFrom(call, { isNew: true, command: "register" });
  await withTarget(call, "optional", async (target) => {
    const { client, name } = target;
    const { tokens } = await client.register({ username, password, invite: call.values.invite });
    const { token } = await client.login({ username, password }).catch((error: unknown) => {
      throw accountMade(error, { hint: `Log in: ${typedCommand(call, "login")}` });
    });
    await keepLogin(target, { username, token, given: Date.now() });
    const { output, signal } = call;
    await firstBalance(client, signal).catch((error: unknown) => {
      throw accountMade(error);
    });
    await makeNamedDefault(call, name);
    if (output.json) return output.document({ server: name, username, tokens } satisfies LoginDocument);
    const balance = tokens === null ? "" : ` with ${grouped(tokens)} tokens`;
    output.note(`Welcome, ${username}: you have an account at ${placeOf(name)}${balance} and are logged in.`);
    output.note(`Ask something: ${typedCommand(call, "ask")} "What is a monad?"`);
  });
}
