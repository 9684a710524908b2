import { ClientError } from "../../client/failure.ts";
import type { ActReply, ActRequest } from "../../server/local.ts";
import type { Call } from "../argv/call.ts";
import { operate, type Ask, type Doubt } from "./operate.ts";
import { listCommand } from "./same-command.ts";

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
  if (reply.kind === "unknown") throw gone(call);
  return reply;
}

/** An account that was found before. */
export const gone = (call: Call): ClientError =>
  new ClientError("usage", "The account was deleted in the meantime.", {
    hint: `See which there are: ${listCommand(call)}`,
  });
