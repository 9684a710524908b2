import { z } from "zod";
import { ApiError } from "../../core/api-error.ts";
import { grantByName, grantReply, grantRequest } from "../../core/grant.ts";
import type { Store } from "../../core/ports.ts";

/** What an operator's program asks the process that holds the folder. */
const operatorRequest = z.object({ grant: grantRequest });

/** What it gets: the grant's outcome, or why there is none. */
export const operatorAnswer = z.union([
  z.object({ grant: grantReply }),
  z.object({ error: z.object({ code: z.enum(["store_unavailable", "other"]), detail: z.string() }) }),
]);

export type OperatorRequest = z.infer<typeof operatorRequest>;
export type OperatorAnswer = z.infer<typeof operatorAnswer>;

/** Does what an operator asks of an open store. Never rejects. */
export async function answerOperator(
  store: Pick<Store, "accounts" | "ledger">,
  request: unknown,
): Promise<OperatorAnswer> {
  const asked = operatorRequest.safeParse(request);
  if (!asked.success)
    return failed("other", "The running server doesn't know this request: it is of another version.");
  try {
    return { grant: await grantByName(store, asked.data.grant) };
  } catch (error) {
    if (error instanceof ApiError) return failed("store_unavailable", error.message);
    return failed("other", "The running server failed at it.");
  }
}

const failed = (code: "store_unavailable" | "other", detail: string): OperatorAnswer => ({
  error: { code, detail },
});
