import type { ErrorCode, FieldError } from "../protocol/errors.ts";
import { headers } from "../protocol/replies.ts";
import { duration } from "../text/duration.ts";
import { parsed, record, told } from "../text/loose-json.ts";
import { counted, grouped } from "../text/numbers.ts";
import { oneLine } from "../text/sanitize.ts";

/**
 * Why a request did not succeed: the server's code, `lost` for a connection that ended or never was, `stopped` by the user, or
 * `strange` for a reply that is not of this API.
 */
export type FailureCode = ErrorCode | "lost" | "stopped" | "strange";

export interface FailureDetails {
  status?: number;
  /** Seconds. */
  retryAfter?: number | undefined;
  fields?: readonly FieldError[];
  /** On a 402. */
  balance?: { tokens: number | null; held: number | null; required: number | null };
  /** The next refill of the account: so many tokens, at a time in milliseconds since the epoch. */
  next?: { tokens: number; at: number } | undefined;
  /** The question may have been charged although it failed. */
  mayHaveCost?: boolean;
}

/** A request that did not succeed, with a sentence for a person. */
export class Failure extends Error {
  override name = "Failure";
  readonly code: FailureCode;
  readonly details: FailureDetails;

  constructor(code: FailureCode, message: string, details: FailureDetails = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

export const lost = (): Failure =>
  new Failure("lost", "The connection to the server was lost.", { mayHaveCost: true });

export const stopped = (): Failure => new Failure("stopped", "Stopped.", { mayHaveCost: true });

const secondsOf = (header: string | null): number | undefined =>
  header !== null && /^\d{1,9}$/.test(header) ? Number(header) : undefined;

function nextOf(head: Headers): FailureDetails["next"] {
  const tokens = told(head.get(headers.next));
  const at = Date.parse(head.get(headers.nextAt) ?? "");
  return tokens === null || tokens === 0 || Number.isNaN(at) ? undefined : { tokens, at };
}

/** The failure that a problem document tells of, in a reply or in the event `error`. */
export function problemOf(text: string, status: number, head: Headers = new Headers()): Failure {
  const problem = record(parsed(text));
  const { code, detail, errors, in_doubt: inDoubt } = problem ?? {};
  const retryAfter = secondsOf(head.get("Retry-After"));
  if (typeof code !== "string")
    // A proxy that failed does not know whether the server charged.
    return new Failure("strange", `The server answered ${status}, and did not say why.`, {
      status,
      retryAfter,
      mayHaveCost: status >= 500 || status === 408,
    });
  const said = typeof detail === "string" ? oneLine(detail) : `The server answered ${status}.`;
  return new Failure(code as ErrorCode, said, {
    status: told(problem?.status) ?? status,
    retryAfter,
    mayHaveCost: inDoubt === true,
    ...(Array.isArray(errors) && { fields: errors as FieldError[] }),
    ...(status === 402 && {
      balance: {
        tokens: told(problem?.tokens),
        held: told(problem?.held),
        required: told(problem?.required),
      },
      next: nextOf(head),
    }),
  });
}

/** Whether only a login helps: the token is no longer valid. */
export const wantsLogin = ({ code, details }: Failure): boolean =>
  details.status === 401 && code !== "invalid_credentials";

/** Whether the key of the question can be used no more. */
export const isSpent = ({ code }: Failure): boolean =>
  code === "answer_expired" || code === "idempotency_key_reused";

const at = (time: number) => new Date(time).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" });

function moneyWords({ details: { balance, next } }: Failure): string[] {
  const { tokens = null, held = null, required = null } = balance ?? {};
  const facts = [
    tokens === null ? "" : `${counted(tokens, "token")} left`,
    held ? `${grouped(held)} of them held by questions in flight` : "",
    required === null ? "" : `this question costs ${grouped(required)}`,
  ].filter((fact) => fact !== "");
  return [
    ...(facts.length > 0 ? [`${facts.join(", ")}.`] : []),
    next
      ? `You get ${counted(next.tokens, "token")} on ${at(next.at)}.`
      : "Whoever runs the server can grant more.",
  ];
}

function adviceFor(failure: Failure): string[] {
  const { code, details } = failure;
  if (code === "insufficient_tokens") return moneyWords(failure);
  const { retryAfter } = details;
  if (retryAfter !== undefined && retryAfter > 0) return [`Try again in ${duration(retryAfter, Math.ceil)}.`];
  if (code === "lost") return ["Check your connection."];
  return details.status === 413 ? ["Shorten the question, or begin a new conversation."] : [];
}

/** What is said of a request that failed: what went wrong, and what helps. A line each. */
export const troubleWords = (failure: Failure): string[] => [
  // The server's sentence has the same facts, with a time for programs.
  failure.code === "insufficient_tokens" ? "There are not enough tokens." : failure.message,
  ...adviceFor(failure),
];

/** How to ask a question that may have been charged. Alone: it is all that is in the composer. */
export const askAgainWords = (isAlone: boolean): string =>
  isAlone
    ? "Send asks it again, and is not charged twice if you change nothing."
    : "What you have typed since is below it. Remove that and send the question alone, so that it is not charged twice.";

/** What is said of a question that failed. It is in the composer again, alone or before what has been typed since. */
export function refusalWords(failure: Failure, isAlone = true): string[] {
  const charge = isSpent(failure)
    ? "Send asks it as a new question."
    : failure.details.mayHaveCost
      ? `It may have been charged. ${askAgainWords(isAlone)}`
      : "Nothing was charged. The question is still here.";
  return [...troubleWords(failure), charge];
}
