import { mayHaveCost } from "./ask-again.ts";
import { ClientError, type ClientErrorCode } from "../failure.ts";
import type { Call, Reply } from "./transport.ts";

/**
 * Failures that this API reports only while no other request holds the key (docs/http-api.md#idempotency): the other
 * request is not being answered.
 */
const final = new Set<ClientErrorCode>([
  "insufficient_tokens",
  "tokens_held",
  "idempotency_key_reused",
  "answer_expired",
  "upstream_error",
  "upstream_unavailable",
  "upstream_timeout",
]);

interface Sending {
  call: Call;
  /** Rejects with `ClientError`, also where the reply reports a failure. */
  send: (call: Call) => Promise<Reply>;
  /** Whether the server knows the key of a request that it gets twice. Never rejects. */
  mayRepeat: (signal: AbortSignal) => Promise<boolean>;
}

type Outcome = { request: AbortController } & ({ reply: Reply } | { failure: ClientError });

/**
 * The reply to a question with an Idempotency-Key. If its connection may be dead, the question is also sent on a new
 * one while the first request stays open. The first success or final failure counts, and the other request is aborted.
 * Any other failure waits for the other request, which may still be answered: a 409 `request_in_progress` says that it
 * will be. Rejects with `ClientError`.
 */
export async function replyOfEither({ call, send, mayRepeat }: Sending): Promise<Reply> {
  const [first, second] = [new AbortController(), new AbortController()];
  const signalOf = ({ signal }: AbortController) =>
    call.signal ? AbortSignal.any([call.signal, signal]) : signal;
  const attempt = async (request: AbortController, onStall?: () => void): Promise<Outcome> => {
    try {
      return { request, reply: await send({ ...call, signal: signalOf(request), onStall }) };
    } catch (failure) {
      if (failure instanceof ClientError && isFinal(failure)) return { request, failure };
      throw failure;
    }
  };

  let onStall!: () => void;
  const stalled = new Promise<boolean>((resolve) => (onStall = () => resolve(true)));
  const one = attempt(first, onStall);
  const repeat = async (): Promise<Outcome> => {
    const ended = one.then(
      () => false,
      () => false,
    );
    if (!(await Promise.race([stalled, ended])) || !(await mayRepeat(signalOf(second)))) return one;
    return attempt(second);
  };
  let counting: AbortController | undefined;
  try {
    const outcome = await Promise.any([one, repeat()]);
    if ("failure" in outcome) throw outcome.failure;
    counting = outcome.request;
    return outcome.reply;
  } catch (error) {
    throw error instanceof AggregateError ? failureOf(error.errors) : error;
  } finally {
    for (const request of [first, second]) if (request !== counting) request.abort();
  }
}

/** A failure of a gateway does not tell whether the server behind it charged the question. */
const isFinal = ({ code, charged }: ClientError) => final.has(code) && charged === "no";

/** The failure to report of two requests for one question; the same one twice where there was only one request. */
function failureOf([first, second]: unknown[]): unknown {
  if (!(first instanceof ClientError) || !(second instanceof ClientError)) return first;
  const told = second.code === "request_in_progress" ? first : second;
  return [first, second].some(({ charged }) => charged === "maybe") ? mayHaveCost(told) : told;
}
