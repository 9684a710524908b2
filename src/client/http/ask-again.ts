import { setTimeout } from "node:timers/promises";
import { ClientError } from "../failure.ts";
import type { AnswerEvent, ApiClient, Question } from "./contract.ts";

export interface AskAgainOptions {
  /** Waits; rejects once `signal` aborts. */
  sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<unknown>;
  /** Told before each wait: how many seconds, and which failure is the reason. */
  onWait?: (seconds: number, reason: ClientError) => void;
  maxTries?: number;
  /** Seconds of waiting in all. */
  maxWait?: number;
}

/** The same failure, with a charge that an earlier try under this key may have caused. */
export function mayHaveCost(error: ClientError): ClientError {
  // A key that was charged never meets 402 (API.md §2): the earlier try cost nothing.
  if (error.charged === "maybe" || error.status === 402) return error;
  const { code, message, ...extras } = error;
  return new ClientError(code, message, { ...extras, cause: error.cause, charged: "maybe" });
}

const defaultSleep = (milliseconds: number, signal?: AbortSignal) =>
  setTimeout(milliseconds, undefined, { signal });

/** One try. Returns its failure, if it failed, and whether nothing had been yielded by then. */
async function* once(
  client: ApiClient,
  question: Question,
): AsyncGenerator<AnswerEvent, { failure: ClientError; silent: boolean } | undefined, undefined> {
  let silent = true;
  try {
    for await (const event of client.ask(question)) {
      silent = false;
      yield event;
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { failure: error, silent };
  }
}

/**
 * One question with the repeats of CLI.md §2, all under its key: a refused connection; `tokens_held`,
 * `request_in_progress`, 429, and 503 with Retry-After; a lost connection only where the server offers `idempotency`
 * and nothing was yielded yet. A wait that is longer than what is left isn't begun: the error names the time.
 * Throws `ClientError` alone; `charged` is `maybe` when any of the tries may have been charged.
 */
export async function* askAgain(
  client: ApiClient,
  question: Question,
  options: AskAgainOptions = {},
): AsyncGenerator<AnswerEvent, void, undefined> {
  const { sleep = defaultSleep, onWait, maxTries = 3, maxWait = 30 } = options;
  const { signal } = question;
  let left = maxWait;
  let charged = false;
  const final = (error: ClientError) => (charged ? mayHaveCost(error) : error);

  for (let tries = 1; ; tries += 1) {
    const ended = yield* once(client, question);
    if (!ended) return;
    const { failure, silent } = ended;
    const wait = Math.max(failure.retryAfter ?? 0, tries);
    const { retry } = failure;
    if (retry === "no" || !silent || tries >= maxTries || wait > left) throw final(failure);
    if (retry === "same_key" && !(await client.offer(signal)).extensions.has("idempotency"))
      throw final(failure);
    charged ||= failure.charged === "maybe";
    left -= wait;
    onWait?.(wait, failure);
    try {
      await sleep(wait * 1000, signal);
    } catch (error) {
      if (signal?.aborted !== true) throw error;
      throw final(new ClientError("interrupted", "Interrupted.", { cause: error }));
    }
  }
}
