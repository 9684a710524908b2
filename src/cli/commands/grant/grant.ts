import { randomUUID } from "node:crypto";
import { counted, grouped } from "../../../text/numbers.ts";
import type { Call } from "../../argv/call.ts";
import { gone } from "../../connection/act.ts";
import { operate } from "../../connection/operate.ts";
import { sameCommand } from "../../connection/same-command.ts";
import type { GrantDocument, GrantsDocument } from "./document.ts";
import { checkAll, giveAll, type Given, type Grant } from "./give.ts";
import { askedOf, recipients } from "./recipients.ts";

/** In one sentence, however many accounts there are. */
function told(given: readonly Given[], { id, tokens }: Grant): string {
  const each = counted(tokens, "token");
  const fresh = given.filter(({ granted }) => granted > 0).length;
  const old = given.length - fresh;
  if (given.length === 0) return "Gave nothing: there is no account.";
  if (fresh === 0)
    return `Already granted: ${counted(old, "account")} got ${each}${old === 1 ? "" : " each"} under the ID ${id}.`;
  const some =
    fresh === 1
      ? `Gave ${each} to 1 account`
      : `Gave ${each} to each of ${counted(fresh, "account")}, ${counted(fresh * tokens, "token")} in all`;
  return old === 0 ? `${some}.` : `${some}; ${counted(old, "account")} got them before under the ID ${id}.`;
}

function toldOne({ username, granted, tokens: balance }: Given, { id, tokens }: Grant): string {
  const what =
    granted > 0
      ? `Gave ${username} ${counted(tokens, "token")}`
      : `Already granted: ${username} got ${counted(tokens, "token")} under the ID ${id}`;
  return `${what}; the balance is ${grouped(balance)}.`;
}

/** `grant`: gives tokens, in the store or through the server that runs on it (docs/accounts.md#grants). */
export async function grant(call: Call): Promise<void> {
  const { output, values } = call;
  const asked = await askedOf(call);
  const accounts = await recipients(asked, call);
  const given = { id: values.id ?? randomUUID(), tokens: asked.tokens };
  const again = sameCommand(call, `--id ${given.id}`);
  const done = await operate(
    call,
    async (ask) => {
      await checkAll(accounts, given, call, ask);
      // Before anything is given, so that it is known also after a kill.
      if (values.id === undefined) output.note(`The ID of this grant is ${given.id}.`);
      return giveAll(accounts, given, call, ask);
    },
    () => `Whether the tokens were given is not known. This gives them once in any case: ${again}`,
  );
  const [one] = done;
  if (asked.one) {
    if (!one) throw gone(call);
    if (output.json) return output.document({ ...one, id: given.id } satisfies GrantDocument);
    return output.line(toldOne(one, given));
  }
  if (!output.json) return output.line(told(done, given));
  const granted = done.reduce((sum, each) => sum + each.granted, 0);
  await output.document({ id: given.id, granted, accounts: done } satisfies GrantsDocument);
}
