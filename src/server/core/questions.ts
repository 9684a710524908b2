import { createHash, randomUUID } from "node:crypto";
import type { Turn } from "../../protocol/bodies.ts";
import type { Answers } from "./answers.ts";
import { ApiError } from "./api-error.ts";
import { ClientGone } from "./client-gone.ts";
import { contextFor } from "./context.ts";
import type { AccountId, Balance, HoldOutcome, Ledger, Provider } from "./ports.ts";
import { refusal } from "./refusal.ts";

/** A question of an account that is allowed to ask. */
export interface Question {
  account: AccountId;
  /** Trimmed. */
  message: string;
  history: Turn[];
  /** Idempotency-Key as the client sent it, without quotes. */
  key?: string;
  /** Aborted when the client goes away. */
  signal: AbortSignal;
  /**
   * Streams. Hands a piece to the client's socket; false when that socket is gone. The first true is the point of no
   * return. `replayed` as in {@link Answer}: known before the first piece, where the head of the reply needs it. Not
   * called for an answer that was kept: that is whole at once.
   */
  onDelta?: (text: string, replayed: boolean) => boolean;
}

/** The answer and what it came to. `deducted` is what this question (or its key) cost, in tokens. */
export interface Answer {
  response: string;
  deducted: number;
  /** After this question. */
  balance: Balance;
  /** This key was charged before; nothing was charged now. */
  replayed: boolean;
}

/** Questions in flight and the charging table of API.md §4. */
export interface Questions {
  /**
   * Rejects with `ApiError`, or with {@link ClientGone} where nobody listens any more. Money settles whether or not
   * anybody waits for the promise; `drain` waits for it.
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

/** A hold outlives its question's deadline by this many ms, so that a charge at the last moment still finds it. */
const HOLD_GRACE = 10_000;

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const shuttingDown = () =>
  new ApiError("shutting_down", "The server is stopping. Nothing was charged; ask again in a moment.", {
    retryAfter: 1,
  });
const tookTooLong = () =>
  new ApiError("upstream_timeout", "The AI took too long. Nothing was charged; ask again, or ask for less.");

/** See {@link Questions}. One flow, one `finally`: whatever happens, a hold is settled exactly once. */
export function createQuestions(needs: Needs): Questions {
  const { ledger, provider, answers, price, timeout, context, now } = needs;
  const inFlight = new Map<Promise<unknown>, AbortController>();
  let stopping = false;

  async function replay(question: Question, response: string): Promise<Answer> {
    const balance = await ledger.balance(question.account);
    return { response, deducted: price, balance, replayed: true };
  }

  /** Resolves to the whole answer; rejects with the reason of `stop`, the moment it is aborted, whatever the provider does. */
  async function answered(
    question: Question,
    replayed: boolean,
    stop: AbortController,
    handed: () => void,
  ): Promise<string> {
    const { signal } = stop;
    signal.throwIfAborted();
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
    aborted.catch(() => {});
    const onDelta = (text: string) => {
      if (signal.aborted) return;
      if (question.onDelta!(text, replayed)) handed();
      else stop.abort(new ClientGone());
    };
    const messages = contextFor(question, context);
    const answer = provider.answer({ messages, signal, ...(question.onDelta && { onDelta }) });
    answer.catch(() => {});
    const response = await Promise.race([answer, aborted]);
    signal.throwIfAborted();
    return response;
  }

  async function charge(hold: string): Promise<Balance> {
    const outcome = await ledger.charge(hold);
    if (outcome.kind === "expired") throw tookTooLong();
    return outcome.balance;
  }

  /** From an open hold to its settlement. */
  async function settle(
    question: Question,
    hold: string,
    key: string | undefined,
    replayed: boolean,
    stop: AbortController,
  ): Promise<Answer> {
    let reachedClient = false;
    let settled = false;
    try {
      const response = await answered(question, replayed, stop, () => (reachedClient = true));
      // From here the charge is with the store: the client may leave, its answer is paid.
      if (key !== undefined) answers.keep(question.account, key, response);
      const balance = await charge(hold);
      settled = true;
      return { response, deducted: price, balance, replayed };
    } catch (error) {
      if (key !== undefined && !settled) answers.forget(question.account, key);
      if (error instanceof ClientGone && reachedClient) {
        const balance = await charge(hold);
        settled = true;
        throw new ClientGone({ charged: replayed ? 0 : price, tokens: balance.tokens });
      }
      throw error;
    } finally {
      // A release that fails leaves the hold to its expiry; what ended the question is the better thing to tell.
      if (!settled) await ledger.release(hold).catch(() => {});
    }
  }

  async function run(question: Question, stop: AbortController): Promise<Answer> {
    const id = randomUUID();
    const key = question.key === undefined ? undefined : sha256(question.key);
    // The key itself is kept nowhere, so that it salts the digest of what was asked.
    const digest = sha256(JSON.stringify([question.key ?? id, question.message, question.history]));
    const expires = now() + timeout + HOLD_GRACE;
    const outcome = await ledger.hold({
      id,
      account: question.account,
      ...(key !== undefined && { key }),
      digest,
      price,
      expires,
    });
    const kept =
      key !== undefined && chargedBefore(outcome) ? answers.find(question.account, key) : undefined;
    if (kept !== undefined) {
      await ledger.release(id);
      return replay(question, kept);
    }
    if (outcome.kind !== "held" && outcome.kind !== "paid") throw refusal(outcome, price);

    const leave = () => stop.abort(new ClientGone());
    question.signal.addEventListener("abort", leave, { once: true });
    if (question.signal.aborted) leave();
    const deadline = setTimeout(() => stop.abort(tookTooLong()), timeout);
    try {
      return await settle(question, id, key, outcome.kind === "paid", stop);
    } finally {
      clearTimeout(deadline);
      question.signal.removeEventListener("abort", leave);
    }
  }

  return {
    async ask(question) {
      if (stopping) throw shuttingDown();
      const stop = new AbortController();
      const answer = run(question, stop);
      inFlight.set(answer, stop);
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
