import { ClientError, type ClientErrorCode } from "../../client/failure.ts";
import { plainText, printableJson } from "../../text/sanitize.ts";
import { StartupError } from "../../server/local.ts";
import type { Call } from "../argv/call.ts";
import type { FailureDocument } from "./document.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { OutputFailed } from "../io/output.ts";
import { painted } from "../io/paint.ts";

/** A failure as people and programs are told about it. */
export interface Failure {
  code: ClientErrorCode;
  /** One sentence or more, on one line unless there are several complaints. */
  message: string;
  hint: string;
  exit: number;
  status?: number;
  requestId?: string;
  retryAfter?: number;
}

/** What to do, where the error itself doesn't say. */
const lastResort: Partial<Record<ClientErrorCode, string>> = {
  account_disabled: "Ask whoever runs the server.",
  internal_error: "Try again; if it stays, tell whoever runs the server.",
  overloaded: "Try again in a moment.",
  store_unavailable: "Try again in a moment; whoever runs the server finds the reason in its log.",
  shutting_down: "Try again when the server is back.",
  upstream_error: "Try again; the AI behind the server failed.",
  upstream_unavailable: "Try again later; the AI behind the server can't be reached.",
  upstream_timeout: "Try again, perhaps with a shorter question.",
  rate_limited: "Wait a little, then try again.",
  request_in_progress: "Wait until the question that is under way has ended, then try again.",
  tokens_held: "Wait until the questions that are under way have ended, then try again.",
  payload_too_large: "Send less.",
  answer_expired: "Ask again; that is a new question and is charged.",
  interrupted: "Nothing is left running.",
};

function fieldsOf({ fields, message }: ClientError): string {
  const missing = (fields ?? []).filter(({ detail }) => !message.includes(detail));
  return missing.length === 0 ? message : [message, ...missing.map(({ detail }) => detail)].join(" ");
}

function ofClient(error: ClientError, hint: string | undefined, command: string | undefined): Failure {
  const { code, status, requestId, retryAfter } = error;
  return {
    code,
    message: fieldsOf(error),
    hint: hint ?? error.hint ?? lastResort[code] ?? "Check what you sent, then try again.",
    exit: exitCodeOf(code, command),
    status,
    requestId,
    retryAfter,
  };
}

/** Any failure, in words. What isn't expected is told as a fault of ours. */
export async function failureOf(error: unknown, call?: Call): Promise<Failure> {
  if (error instanceof ClientError)
    return ofClient(
      error,
      call && (await import("./hints.ts")).hintFor(call, error, lastResort[error.code]),
      call?.command,
    );
  if (error instanceof StartupError)
    return { code: "internal", message: error.message, hint: error.hint, exit: exitCodes.internal };
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

/** After a signal: whatever the work broke off with is an interruption. */
export function interruption(error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  return new ClientError("interrupted", "Interrupted.", { cause: error });
}

/** The one line of `--json` on stderr (CLI.md §2). */
export function failureLine({ code, message, status, requestId, retryAfter }: Failure): string {
  const line = { error: { code, message, status, request_id: requestId, retry_after: retryAfter } };
  return printableJson(line satisfies FailureDocument);
}

/** Two lines for a person: what went wrong, what to do. */
export function failureWords({ message, hint }: Failure, color: boolean): string {
  return `${painted("ai-chat:", "red", color)} ${plainText(message)}\n${plainText(hint)}`;
}
