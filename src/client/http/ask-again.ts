import { setTimeout } from "node:timers/promises";
import { ClientError } from "../failure.ts";
import type { AnswerEvent, ApiClient, Question } from "./contract.ts";

export interface AskAgainOptions {
  /** Waits; rejects once `signal` aborts. */
  sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<unknown>;
  /** Called before each wait, with its seconds and the failure that is the reason. */
  onWait?: (seconds: number, reason: ClientError) => void;
  /** Called when the answer is about to come again from its start. Without it, a question is not repeated once some of its answer has come. */
  onRestart?: () => void;
  /** Called before each try. */
  onTry?: () => void;
  /** An earlier request under this key may have been charged. */
  inDoubt?: boolean;
  maxTries?: number;
  /** Seconds of waiting in all. */
  maxWait?: number;
}

/** How many owners of `local` may leave during one question. */
const MOST_OWNERS = 3;

/** The process that ran the server has ended, or is about to. */
export const isGone = ({ code }: ClientError): boolean => code === "unreachable" || code === "shutting_down";

/** The same failure, with a charge that an earlier try under this key may have caused. */
export function mayHaveCost(error: ClientError): ClientError {
  // A key that was charged never meets 402 (docs/http-api.md#idempotency): the earlier try cost nothing.
  if (error.charged === "maybe" || error.status === 402) return error;
  const { code, message, ...extras } = error;
  return new ClientError(code, message, { ...extras, cause: error.cause, charged: "maybe" });
}

const defaultSleep = (milliseconds: number, signal?: AbortSignal) =>
  setTimeout(milliseconds, undefined, { signal });

/** One try. Returns its failure, if it failed, and whether nothing of the answer had been yielded by then. */
async function* once(
  client: ApiClient,
  question: Question,
): AsyncGenerator<AnswerEvent, { failure: ClientError; silent: boolean } | undefined, undefined> {
  let silent = true;
  try {
    for await (const event of client.ask(question)) {
      if (event.type !== "reasoning") silent = false;
      yield event;
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { failure: error, silent };
  }
}

/**
 * The one rule for repeating a question (docs/cli.md#retries, §3), always under its key:
 *
 * - `local`, if the process that ran it has ended: at once, at its next owner, up to 3 times; with `onRestart` also
 *   after part of the answer has come.
 * - A refused connection, `tokens_held`, `request_in_progress`, 429, and 503 with Retry-After: after a wait.
 * - A lost connection: after a wait, if the server offers `idempotency`.
 *
 * A wait that is longer than what is left isn't begun: the error names the time. Throws `ClientError` alone; `charged`
 * is `maybe` when any of the tries may have been charged.
 */
export async function* askAgain(
  client: ApiClient,
  question: Question,
  options: AskAgainOptions = {},
): AsyncGenerator<AnswerEvent, void, undefined> {
  const { sleep = defaultSleep, onWait, onRestart, onTry } = options;
  const { inDoubt = false, maxTries = 3, maxWait = 30 } = options;
  const { signal } = question;
  let left = maxWait;
  let owners = 0;
  let charged = inDoubt;
  const final = (error: unknown) => (charged && error instanceof ClientError ? mayHaveCost(error) : error);

  for (let tries = 1; ;) {
    onTry?.();
    const ended = yield* once(client, question);
    if (!ended) return;
    const { failure, silent } = ended;
    charged ||= failure.charged === "maybe";
    try {
      if (isGone(failure) && owners < MOST_OWNERS && (silent || onRestart) && signal?.aborted !== true) {
        owners += 1;
        if ((await client.reopen?.()) === true) {
          if (!silent) onRestart?.();
          continue;
        }
      }
      const wait = Math.max(failure.retryAfter ?? 0, tries);
      const { retry } = failure;
      if (retry === "no" || !silent || tries >= maxTries || wait > left) throw failure;
      if (retry === "same_key" && !(await client.offer(signal)).extensions.has("idempotency")) throw failure;
      tries += 1;
      left -= wait;
      onWait?.(wait, failure);
      await sleep(wait * 1000, signal);
    } catch (error) {
      if (error instanceof ClientError || signal?.aborted !== true) throw final(error);
      throw final(new ClientError("interrupted", "Interrupted.", { cause: error }));
    }
  }
}
