import { ClientError, type ClientErrorCode } from "../../client/failure.ts";
import { plainText, printableJson } from "../../text/sanitize.ts";
import { StartupError } from "../../server/local.ts";
import type { Call } from "../argv/call.ts";
import type { FailureDocument } from "./document.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { OutputFailed } from "../io/output.ts";
import { painted } from "../io/paint.ts";

/** A failure in the form in which it is reported. */
export interface Failure {
  code: ClientErrorCode;
  /** One or more sentences; several complaints are separated by newlines. */
  message: string;
  hint: string;
  exit: number;
  status?: number;
  requestId?: string;
  retryAfter?: number;
}

async function ofClient(error: ClientError, call: Call | undefined): Promise<Failure> {
  const { code, status, requestId, retryAfter, message } = error;
  const { chargeWords, hintFor } = await import("./remedies.ts");
  const charge = chargeWords(error, call?.command);
  return {
    code,
    message: charge === undefined ? message : `${withStop(message)} ${charge}`,
    hint: hintFor(call, error),
    exit: exitCodeOf(code, call?.command),
    status,
    requestId,
    retryAfter,
  };
}

/** Messages from a server may end without a full stop. */
const withStop = (sentence: string) => (/[.!?…]$/.test(sentence) ? sentence : `${sentence}.`);

/** Describes any failure. An unexpected error is reported as a bug. */
export async function failureOf(error: unknown, call?: Call): Promise<Failure> {
  if (error instanceof ClientError) return ofClient(error, call);
  if (error instanceof StartupError) {
    const { failure: code, message, hint } = error;
    return { code, message, hint, exit: exitCodes[code] };
  }
  if (error instanceof OutputFailed)
    return {
      code: "internal",
      message: `stdout can't be written: ${error.message}`,
      hint: "Free some space or write somewhere else, then try again.",
      exit: exitCodes.internal,
    };
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    code: "internal",
    message: `This is a bug in ai-chat: ${message}`,
    hint: "Run it again with AI_CHAT_DEBUG=1 to see where, and report what it prints.",
    exit: exitCodes.internal,
  };
}

/** After a signal, any error that is not a ClientError counts as the interruption. */
export function interruption(error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  return new ClientError("interrupted", "Interrupted.", { cause: error });
}

/** The one line of `--json` on stderr (docs/cli.md#json-documents). */
export function failureLine({ code, message, status, requestId, retryAfter }: Failure): string {
  const line = { error: { code, message, status, request_id: requestId, retry_after: retryAfter } };
  return printableJson(line satisfies FailureDocument);
}

/** Two lines: what failed, and what to do. */
export function failureWords({ message, hint }: Failure, color: boolean): string {
  return `${painted("ai-chat:", "red", color)} ${plainText(message)}\n${plainText(hint)}`;
}
