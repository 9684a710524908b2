import { z } from "zod";
import { AI_FAILURES } from "../../core/ai-calls.ts";
import type { NamedAiState } from "../../core/ai-states.ts";
import type { AccountRow, Operations } from "../../core/operations.ts";

/** Longer than any name of an account. */
const NAME_CHARS = 200;

/** What an operator's command reads through the process that holds the folder. */
export const readRequest = z.union([
  z.object({ accounts: z.literal(true) }),
  z.object({ account: z.string().max(NAME_CHARS) }),
  z.object({ durable: z.literal(true) }),
  z.object({ ai: z.literal(true) }),
]);

export type ReadRequest = z.infer<typeof readRequest>;

/** Whether an account can have this name. */
export const mayBeName = (name: string): boolean => name.length <= NAME_CHARS;

const accountRow = z.object({
  id: z.string(),
  username: z.string(),
  tokens: z.number(),
  held: z.number(),
  used: z.number(),
  created: z.number(),
  lastQuestion: z.number().nullable(),
  disabled: z.boolean(),
  due: z.number(),
  apiKeys: z.number().optional(),
  next: z.object({ tokens: z.number(), at: z.number() }).optional(),
}) satisfies z.ZodType<AccountRow>;

const aiState = z.object({
  model: z.string(),
  state: z.enum(["ok", "failing", "unknown"]),
  since: z.number().optional(),
  why: z.enum(AI_FAILURES).optional(),
  cause: z.string().optional(),
  failed: z.number(),
});

/** How much of the ledger is durable: its first bytes, all of them whole lines. */
const durable = z.object({ bytes: z.number() });
export type Durable = z.infer<typeof durable>;

/** A line of the response. Pages of accounts are followed by `end`: without it they are not all. */
export const readLine = z.union([
  z.object({ accounts: z.array(accountRow) }),
  z.object({ end: z.literal(true) }),
  z.object({ account: accountRow.nullable() }),
  z.object({ durable }),
  // null: the process that holds the folder asks no AI.
  z.object({ ai: z.array(aiState).nullable() }),
]);

export type ReadLine = z.infer<typeof readLine>;

/** What is read in an open store. */
export interface Readable {
  operations: Pick<Operations, "accounts" | "account">;
  durable: () => Durable;
  /** Undefined: this process asks no AI. */
  ai: (() => NamedAiState[]) | undefined;
}

/** The response, line by line. Rejects with `store_unavailable`. */
export async function* answerRead(
  { operations, durable, ai }: Readable,
  request: ReadRequest,
): AsyncGenerator<ReadLine> {
  if ("durable" in request) yield { durable: durable() };
  else if ("ai" in request) yield { ai: ai?.() ?? null };
  else if ("account" in request) yield { account: (await operations.account(request.account)) ?? null };
  else {
    for await (const accounts of operations.accounts()) yield { accounts };
    yield { end: true };
  }
}
