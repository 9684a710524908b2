import { ClientError } from "../../../client/failure.ts";
import type { ActReply, ActRequest } from "../../../server/local.ts";
import { repeatable } from "../../../text/repeatable.ts";
import type { Call } from "../../argv/call.ts";
import { operate, storeName } from "../../connection/operate.ts";

/** An account that an act is for. */
type Found = NonNullable<Extract<ActReply, { kind: "found" }>["account"]>;

/** Why and by whom, as the options say. */
export const actOf = ({ values: { reason, by } }: Pick<Call, "values">) => ({
  reason: reason ?? null,
  by: by ?? null,
});

/** Asks the store, or the server that runs on it, for an act. */
export async function act(request: ActRequest, call: Call): Promise<ActReply> {
  const reply = await operate({ act: request }, call);
  if ("act" in reply) return reply.act;
  throw new Error("The reply is to another request.");
}

/** The account of that name, in any case. Throws `usage` if there is none, or only a deleted one. */
export async function findAccount(name: string, call: Call): Promise<Found> {
  const reply = await act({ kind: "find", name }, call);
  // A deleted account is found by its pseudonym, which has a # that no name can have.
  if (reply.kind === "found" && reply.account && !name.includes("#")) return reply.account;
  throw new ClientError(
    "usage",
    `There is no user ${JSON.stringify(repeatable(name).slice(0, 80))} in ${storeName(call)}.`,
    { hint: `See which there are: ${call.program.name} accounts list` },
  );
}
