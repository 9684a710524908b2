import { z } from "zod";
import { actReply, actRequest, answerAct } from "./act.ts";
import { answerInvites, invitesReply, invitesRequest } from "./invites.ts";
import type { Store } from "./store.ts";

/** What an operator's command asks for, in any store. Every request can be repeated. */
export const operatorRequest = z.union([
  z.object({ act: actRequest }),
  z.object({ invites: invitesRequest }),
]);

/** The outcome of what was asked. */
export const operatorReply = z.union([z.object({ act: actReply }), z.object({ invites: invitesReply })]);

export type OperatorRequest = z.infer<typeof operatorRequest>;
export type OperatorReply = z.infer<typeof operatorReply>;

/**
 * `no_store`: there is none, and none is made. `no_answer`: the process that holds the store does not answer, so it may
 * have been done.
 */
export interface NotDone {
  kind: "no_store" | "no_answer";
}

/** Who does what an operator asks in a store. `ask` rejects with `store_unavailable`, or with `StartupError`. */
export interface Operator {
  ask(request: OperatorRequest): Promise<OperatorReply | NotDone>;
  close(): Promise<void>;
}

/** Does in an open store what an operator asks. Rejects with `store_unavailable`. */
export async function operate(
  store: Pick<Store, "ledger" | "invites" | "operations">,
  request: OperatorRequest,
): Promise<OperatorReply> {
  if ("act" in request) return { act: await answerAct(store, request.act) };
  return { invites: await answerInvites(store.invites, request.invites) };
}
