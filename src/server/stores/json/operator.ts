import { z } from "zod";
import { actReply, actRequest, answerAct } from "../../core/act.ts";
import { ApiError } from "../../core/api-error.ts";
import { answerInvites, invitesReply, invitesRequest } from "../../core/invites.ts";
import type { Store } from "../../core/ports.ts";
import { isMac, macOf, type LedgerKey } from "./key.ts";
import { answerRead, readRequest, type Readable } from "./reading.ts";

/** A request of an operator's command to the process that holds the folder. */
const operatorRequest = z.union([z.object({ act: actRequest }), z.object({ invites: invitesRequest })]);

export const operatorFailure = z.object({
  error: z.object({ code: z.enum(["store_unavailable", "key", "other"]), detail: z.string() }),
});

/** The response: the outcome of what was asked, or an error. */
export const operatorAnswer = z.union([
  z.object({ act: actReply }),
  z.object({ invites: invitesReply }),
  operatorFailure,
]);

export type OperatorRequest = z.infer<typeof operatorRequest>;
type OperatorAnswer = z.infer<typeof operatorAnswer>;
export type OperatorFailure = z.infer<typeof operatorFailure>["error"];
export type OperatorReply = Exclude<OperatorAnswer, { error: unknown }>;

/**
 * `no_store`: the folder has no ledger, and none is made. `no_answer`: a process holds the folder and does
 * not answer, so it may have been done; every request can be repeated.
 */
export interface NotDone {
  kind: "no_store" | "no_answer";
}

/** Who does what an operator asks in a store. `ask` rejects with `store_unavailable`, or with `StartupError`. */
export interface Operator {
  ask(request: OperatorRequest): Promise<OperatorReply | NotDone>;
  close(): Promise<void>;
}

type OpenStore = Pick<Store, "ledger" | "invites" | "operations">;

/** Does in an open store what an operator asks. Rejects with `store_unavailable`. */
export async function operate(store: OpenStore, request: OperatorRequest): Promise<OperatorReply> {
  if ("act" in request) return { act: await answerAct(store, request.act) };
  return { invites: await answerInvites(store.invites, request.invites) };
}

/** Handles an operator's request in an open store, whose ledger may have a key. What is read is many lines. Never rejects. */
export async function answerOperator(
  store: OpenStore & Readable,
  request: unknown,
  key: LedgerKey | undefined,
): Promise<OperatorAnswer | AsyncIterable<unknown>> {
  if (key && !isSigned(request, key))
    return failed("key", "The request was not made with the key of the ledger.");
  const read = readRequest.safeParse(request);
  if (read.success) return withFailure(answerRead(store, read.data));
  const asked = operatorRequest.safeParse(request);
  if (!asked.success)
    return failed(
      "other",
      "The running server does not know this request: it is another version of ai-chat.",
    );
  try {
    return await operate(store, asked.data);
  } catch (error) {
    return failureOf(error);
  }
}

/** A failure is the last line. */
async function* withFailure(lines: AsyncIterable<unknown>): AsyncGenerator {
  try {
    yield* lines;
  } catch (error) {
    yield failureOf(error);
  }
}

function failureOf(error: unknown): OperatorAnswer {
  if (error instanceof ApiError) return failed("store_unavailable", error.message);
  return failed("other", "The running server could not handle the request.");
}

/** A request as the holder of a folder with a key takes it. */
export const signed = (request: object, key: LedgerKey | undefined): object =>
  key ? { ...request, mac: macOf(key, JSON.stringify(request)) } : request;

function isSigned(request: unknown, key: LedgerKey): boolean {
  if (typeof request !== "object" || request === null) return false;
  const { mac, ...asked } = request as { mac?: unknown };
  return isMac(key, mac, JSON.stringify(asked));
}

const failed = (code: "store_unavailable" | "key" | "other", detail: string): OperatorAnswer => ({
  error: { code, detail },
});
