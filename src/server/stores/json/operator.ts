import { z } from "zod";
import { ApiError } from "../../core/api-error.ts";
import { operate, operatorReply, operatorRequest } from "../../core/operate.ts";
import { isMac, macOf, type LedgerKey } from "./key.ts";
import { answerRead, readRequest, type Readable } from "./reading.ts";

/** The process that holds the folder did not do what was asked. */
export const operatorFailure = z.object({
  error: z.object({ code: z.enum(["store_unavailable", "key", "other"]), detail: z.string() }),
});

/** The response to an operator's request. */
export const operatorAnswer = z.union([operatorReply, operatorFailure]);

type OperatorAnswer = z.infer<typeof operatorAnswer>;
export type OperatorFailure = z.infer<typeof operatorFailure>["error"];

/**
 * Handles an operator's request in an open store, whose ledger may have a key. What is read is the lines of the response.
 * Never rejects.
 */
export async function answerOperator(
  store: Parameters<typeof operate>[0] & Readable,
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
