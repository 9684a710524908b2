import { ClientError } from "../../client/failure.ts";
import { findAccount as find, type AccountRow, type ActReply, type ActRequest } from "../../server/local.ts";
import { namedBriefly } from "../../text/named-briefly.ts";
import type { Call } from "../argv/call.ts";
import { operate, reading, storeName, type Ask, type Doubt } from "./operate.ts";

/** Why and by whom, as the options say. */
export const actOf = ({ values: { reason, by } }: Pick<Call, "values">) => ({
  reason: reason ?? null,
  by: by ?? null,
});

/** Asks for an act. */
export async function askAct(ask: Ask, request: ActRequest): Promise<ActReply> {
  const reply = await ask({ act: request });
  if ("act" in reply) return reply.act;
  throw new Error("The reply is to another request.");
}

/** Asks the store, or the server that runs on it, for an act on an account, which throws `usage` if it is gone by now. */
export async function act(request: ActRequest, call: Call, doubt?: Doubt): Promise<ActReply> {
  const reply = await operate(call, (ask) => askAct(ask, request), doubt);
  if (reply.kind === "unknown") throw gone("The account was", call);
  return reply;
}

/** An account that was found before. `who`: the subject of a sentence. */
export const gone = (who: string, { program }: Call): ClientError =>
  new ClientError("usage", `${who} deleted in the meantime.`, {
    hint: `See who there is: ${program.name} accounts list`,
  });

/** A deleted account is found by its pseudonym, which has a character that no name can have. */
export const isDeleted = ({ username }: AccountRow): boolean => username.includes("#");

/** Names that no account has. */
export const unknownNames = (names: readonly string[], call: Call): ClientError =>
  new ClientError(
    "usage",
    names.length === 1
      ? `There is no user ${namedBriefly(names)} in ${storeName(call)}.`
      : `There are no users ${namedBriefly(names)} in ${storeName(call)}.`,
    { hint: `Nothing has changed. See who there is: ${call.program.name} accounts list` },
  );

/** The account of that name, in any case. Throws `usage` if there is none. */
export async function findAccount(name: string, call: Call): Promise<AccountRow> {
  const account = await reading(call, (place, opening) => find(place, name, { ...opening, changes: true }));
  if (account && !isDeleted(account)) return account;
  throw unknownNames([name], call);
}
