import { randomUUID } from "node:crypto";
import type { Turn } from "../../protocol/bodies.ts";
import type { Answers } from "./answers.ts";
import { ApiError } from "./api-error.ts";
import { ClientGone } from "./client-gone.ts";
import { contextFor } from "./context.ts";
import type { AccountId, Balance, HoldId, HoldOutcome, Ledger, Provider } from "./ports.ts";
import { refusal } from "./refusal.ts";
import { sha256 } from "./sha256.ts";

/** A question of an account that is allowed to ask. */
export interface Question {
  account: AccountId;
  /** Trimmed. */
  message: string;
  history: Turn[];
  /** Idempotency-Key as the client sent it, without quotes. */
  key?: string;
  /**
   * Ends the question, with its reason as what `ask` rejects with. The caller aborts it with {@link ClientGone} when the
   * client goes away; the deadline and a shutdown abort it, too.
   */
  stop: AbortController;
  /**
   * Asks for a stream. Hands a piece to the client's socket; false if that socket is gone. From the first true on, the
   * question is charged even if the client leaves. `replayed` as in {@link Answer}: the head of the reply states it.
   * Not called for an answer that was kept.
   */
  onDelta?: (text: string, replayed: boolean) => boolean;
  /** `Ledger.hold`, with a check of the account before it. Without it, the account was checked. */
  hold?: Ledger["hold"];
  /** Called once the tokens are held, right before the AI is asked: 402, 409, 422 and 503 for the hold are past. */
  onAsking?: (replayed: boolean) => void;
  /** Gets what the AI thinks before its answer. Nobody pays for that alone. */
  onReasoning?: (text: string) => void;
}

/** The answer and its price. `deducted` is what this question (or the earlier one with its key) cost, in tokens. */
export interface Answer {
  response: string;
  deducted: number;
  /** After this question. */
  balance: Balance;
  /** This key was charged before; nothing was charged now. */
  replayed: boolean;
}

/** Questions in flight and the charging table of docs/http-api.md#charging. */
export interface Questions {
  /**
   * Rejects with `ApiError`, or with {@link ClientGone} if the client left. The hold is settled whether or not anybody
   * waits for the promise; `drain` waits for it.
   */
  ask(question: Question): Promise<Answer>;
  /** Refuses new questions, lets those in flight end within `patience` ms, aborts the rest; resolves when all are settled. */
  drain(patience: number): Promise<void>;
  /** Questions in flight. */
  readonly inFlight: number;
}

interface Needs {
  ledger: Ledger;
  provider: Provider;
  answers: Answers;
  /** Tokens a question. */
  price: number;
  /** Milliseconds that a question may take, stream included. */
  timeout: number;
  /** See {@link contextFor}. */
  context: { system: string | undefined; limit: number };
  now: () => number;
}

/** A question whose tokens are held. */
interface Held {
  question: Question;
  hold: HoldId;
  /** SHA-256 of the Idempotency-Key, in hex. */
  key: string | undefined;
  /** See {@link Answer}. */
  replayed: boolean;
}

/** Milliseconds by which a hold outlives its question's deadline, so that a charge at the last moment finds it. */
const HOLD_GRACE = 10_000;

const shuttingDown = () =>
  new ApiError("shutting_down", "The server is stopping. Nothing was charged; ask again in a moment.", {
    retryAfter: 1,
  });
const tookTooLong = () =>
  new ApiError("upstream_timeout", "The AI took too long. Nothing was charged; ask again, or ask for less.");

/** See {@link Questions}. One flow with one `finally`: whatever happens, a hold is settled exactly once. */
export function createQuestions(needs: Needs): Questions {
  const { ledger, provider, answers, price, timeout, context, now } = needs;
  const inFlight = new Map<Promise<unknown>, AbortController>();
  let stopping = false;

  async function run(question: Question): Promise<Answer> {
    const { account, message, history } = question;
    const hold = randomUUID();
    const key = question.key === undefined ? undefined : sha256(question.key);
    // The key itself is stored nowhere, so it salts the digest of the question.
    const digest = key === undefined ? "" : sha256(JSON.stringify([question.key, message, history]));
    const expires = now() + timeout + HOLD_GRACE;
    const request = { id: hold, account, digest, price, model: provider.model, expires };
    const holder = question.hold === undefined ? ledger : { hold: question.hold };
    const outcome = await holder.hold(key === undefined ? request : { ...request, key });
    const kept = key !== undefined && chargedBefore(outcome) ? answers.find(account, key) : undefined;
    if (kept !== undefined) {
      await ledger.release(hold);
      const balance = await ledger.balance(account);
      return { response: kept, deducted: price, balance, replayed: true };
    }
    if (outcome.kind !== "held" && outcome.kind !== "paid") throw refusal(outcome, price);
    return settle({ question, hold, key, replayed: outcome.kind === "paid" });
  }

  /** From an open hold to its settlement. */
  async function settle({ question, hold, key, replayed }: Held): Promise<Answer> {
    const { account, stop } = question;
    const { signal } = stop;
    let reachedClient = false;
    let settled = false;

    async function charge(): Promise<Balance> {
      const outcome = await ledger.charge(hold);
      if (outcome.kind === "expired") throw tookTooLong();
      settled = true;
      return outcome.balance;
    }
    function onDelta(text: string): void {
      if (signal.aborted) return;
      if (question.onDelta!(text, replayed)) reachedClient = true;
      else stop.abort(new ClientGone());
    }

    const deadline = setTimeout(() => stop.abort(tookTooLong()), timeout);
    try {
      question.onAsking?.(replayed);
      const response = await answerTo(question, onDelta);
      // From here on the store decides: a client that leaves now has paid for its answer.
      if (key !== undefined) answers.keep(account, key, response);
      const balance = await charge();
      return { response, deducted: price, balance, replayed };
    } catch (error) {
      if (key !== undefined && !settled) answers.forget(account, key);
      if (!(error instanceof ClientGone && reachedClient)) throw error;
      const { tokens } = await charge();
      throw new ClientGone({ charged: replayed ? 0 : price, tokens });
    } finally {
      clearTimeout(deadline);
      // If the release fails, too, the hold expires by itself; the first failure is the one to report.
      if (!settled) await ledger.release(hold).catch(() => {});
    }
  }

  /** The whole answer; rejects with the reason of `stop` the moment it is aborted, whatever the provider does. */
  async function answerTo(question: Question, onDelta: (text: string) => void): Promise<string> {
    const { onReasoning } = question;
    const { signal } = question.stop;
    signal.throwIfAborted();
    const messages = contextFor(question, context);
    const answer = provider.answer({
      messages,
      signal,
      ...(question.onDelta && { onDelta }),
      ...(onReasoning && { onReasoning: (text) => !signal.aborted && onReasoning(text) }),
    });
    const response = await new Promise<string>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      answer.then(resolve, reject);
    });
    signal.throwIfAborted();
    return response;
  }

  return {
    async ask(question) {
      if (stopping) throw shuttingDown();
      const answer = run(question);
      inFlight.set(answer, question.stop);
      try {
        return await answer;
      } finally {
        inFlight.delete(answer);
      }
    },

    async drain(patience) {
      stopping = true;
      const abortAll = setTimeout(() => {
        for (const stop of inFlight.values()) stop.abort(shuttingDown());
      }, patience);
      await Promise.allSettled(inFlight.keys());
      clearTimeout(abortAll);
    },

    get inFlight() {
      return inFlight.size;
    },
  };
}

const chargedBefore = (outcome: HoldOutcome) => outcome.kind === "paid" || outcome.kind === "answer_expired";
