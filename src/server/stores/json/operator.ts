import { z } from "zod";
import { ApiError } from "../../core/api-error.ts";
import { grantByName, grantReply, grantRequest } from "../../core/grant.ts";
import type { Store } from "../../core/ports.ts";

/** A request of an operator's command to the process that holds the folder. */
const operatorRequest = z.object({ grant: grantRequest });

/** The response: the outcome of the grant, or an error. */
export const operatorAnswer = z.union([
  z.object({ grant: grantReply }),
  z.object({ error: z.object({ code: z.enum(["store_unavailable", "other"]), detail: z.string() }) }),
]);

export type OperatorRequest = z.infer<typeof operatorRequest>;
type OperatorAnswer = z.infer<typeof operatorAnswer>;

/** Handles an operator's request in an open store. Never rejects. */
export async function answerOperator(
  store: Pick<Store, "accounts" | "ledger">,
  request: unknown,
): Promise<OperatorAnswer> {
  const asked = operatorRequest.safeParse(request);
  if (!asked.success)
    return failed(
      "other",
      "The running server does not know this request: it is another version of ai-chat.",
    );
  try {
    return { grant: await grantByName(store, asked.data.grant) };
  } catch (error) {
    if (error instanceof ApiError) return failed("store_unavailable", error.message);
    return failed("other", "The running server could not handle the request.");
  }
}

const failed = (code: "store_unavailable" | "other", detail: string): OperatorAnswer => ({
  error: { code, detail },
});
