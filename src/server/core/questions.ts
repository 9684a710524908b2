import { randomUUID } from "node:crypto";
import type { OnAiCall } from "./ai-calls.ts";
import type { Answers } from "./answers.ts";
import { checkAny, digestOfAny, fallbackOfAny, headOfAny, type AnyPrompt } from "./any-prompt.ts";
import { ApiError } from "./api-error.ts";
import { ClientGone } from "./client-gone.ts";
import { askModel, learnModel } from "./ask-model.ts";
import type { Answered } from "./model-request.ts";
import { holdCounted } from "./counted-hold.ts";
import { InFlight, type AtOnce } from "./in-flight.ts";
import { modelNamed, modelOfCharge, type Model, type Models } from "./models.ts";
import type { Pieces } from "./pieces.ts";
import type { AccountId, Balance, HoldId, Ledger, Limit } from "./ports.ts";
import { refusal } from "./refusal.ts";
import { sha256 } from "./sha256.ts";
import type { StopController } from "./stop.ts";

/** A question of an account that is allowed to ask. */
export interface Question {
  account: AccountId;
  prompt: AnyPrompt;
  /** Name of the model as the client sent it; absent: the default. */
  model?: string | undefined;
  /** Idempotency-Key as the client sent it, without quotes. */
  key?: string | undefined;
  /**
   * Ends the question, with its reason as what `ask` rejects with. The caller aborts it with {@link ClientGone} when the
   * client goes away; the deadline and a shutdown abort it, too.
   */
  stop: StopController;
  /**
   * Asks for a stream. Hands the pieces of one moment, or the events of a completion, to the client's socket; false if that
   * socket is gone. From the
   * first true on, the question is charged even if the client leaves. `replayed`, `model` and `turns` as in
   * {@link Answer}: the head of the reply states them. Not called for an answer that was kept.
   */
  onDelta?: (pieces: Pieces, head: Pick<Answer, "replayed" | "model" | "turns">) => boolean;
  /** `Ledger.hold`, with a check of the account before it. Without it, the account was checked. */
  hold?: Ledger["hold"] | undefined;
  /**
   * Called once the tokens are held, right before the AI is asked: 402, 409, 422 and 503 for the hold are past. `head`: as
   * in {@link Answer}; undefined if a fallback may answer.
   */
  onAsking?: (replayed: boolean, head: Pick<Answer, "model" | "turns"> | undefined) => void;
  /** Gets what the AI thinks before its answer; of a completion all events without content. Nobody pays for that alone. */
  onReasoning?: (text: string) => void;
  /**
   * Resolves when the client has read what waits for it; undefined if that is little. Meanwhile the AI has to wait, too. If
   * the deadline comes first, or the AI's connection breaks, the client counts as one that left.
   */
  untilRead?: () => Promise<void> | undefined;
  /** Called when the fallback of the model is asked, with its name and the failure of the first. */
  onFallback?: (model: string, failure: ApiError) => void;
  /** When its last byte came, as `performance.now()` counts. Absent where nobody measures. */
  arrived?: number | undefined;
  /** Gets the milliseconds in which the AI was asked. Absent where nobody measures. */
  timing?: { ai: number };
}

/** The answer and its price. `deducted` is what this question (or the earlier one with its key) cost, in tokens. */
export interface Answer extends Answered {
  deducted: number;
  /** After this question. */
  balance: Balance;
  /** This key was charged before; nothing was charged now. */
  replayed: boolean;
  /** It was kept for its key: nobody was asked, and the key brings it again. */
  isKept?: true;
}

/** Questions in flight and the charging table of docs/http-api.md#charging. */
export interface Questions {
  /**
   * Rejects with `ApiError`, or with {@link ClientGone} if the client left. The hold is settled whether or not anybody
   * waits for the promise; `drain` waits for it.
   */
  ask(question: Question): Promise<Answer>;
  /** The models that questions can name now. */
  readonly models: Models;
  /** Questions from now on get these settings. Resolves when no question has the old ones any more. */
  change(settings: Settings): Promise<void>;
  /**
   * Refuses new questions, lets those in flight end within `patience` ms, aborts the rest; resolves when all are settled,
   * to the number of those that it made fail.
   */
  drain(patience: number): Promise<number>;
  /** Questions in flight. */
  readonly inFlight: number;
  /** Questions whose answer was given to the caller. */
  readonly answered: number;
}

interface Settings extends AtOnce {
  models: Models;
  /** Milliseconds that a question may take, stream included. */
  timeout: number;
}

interface Needs extends Settings {
  ledger: Ledger;
  answers: Answers;
  /** Of the questions of an account, now; undefined: none. */
  limit: () => Limit | undefined;
  now: () => number;
  onAiCall?: OnAiCall | undefined;
}

/** A question whose tokens are held. */
interface Held extends Pick<Settings, "models" | "timeout"> {
  question: Question;
  hold: HoldId;
  /** SHA-256 of the Idempotency-Key, in hex. */
  key: string | undefined;
  asked: Model;
  /** Set if its key was charged before. */
  paid?: { cost: number; model: string | undefined };
}

/** Milliseconds by which a hold outlives its question's deadline, so that a charge at the last moment finds it. */
const HOLD_GRACE = 10_000;

const shuttingDown = () =>
  new ApiError("shutting_down", "The server is stopping. Nothing was charged; ask again in a moment.", {
    retryAfter: 1,
  });
const isAborted = (error: unknown) => error instanceof ApiError && error.code === "shutting_down";
const tookTooLong = () =>
  new ApiError("upstream_timeout", "The AI took too long. Nothing was charged; ask again, or ask for less.", {
    ai: "timeout",
  });

/** See {@link Questions}. One flow with one `finally`: whatever happens, a hold is settled exactly once. */
export function createQuestions(needs: Needs): Questions {
  const { ledger, answers, limit, now, onAiCall } = needs;
  let settings: Settings = needs;
  const inFlight = new InFlight<{ account: AccountId; answer: Promise<Answer>; stop: StopController }>();
  const allSettled = () => Promise.allSettled(inFlight.items().map(({ answer }) => answer));
  let stopping = false;
  let answered = 0;

  async function run(question: Question): Promise<Answer> {
    // Taken once: the settings may change while the question is answered.
    const { models, timeout } = settings;
    const asked = modelNamed(models, question.model);
    const { account } = question;
    const hold = randomUUID();
    const key = question.key === undefined ? undefined : sha256(question.key);
    const digest = key === undefined ? "" : digestOfAny(question.prompt, question.key!, question.model);
    const expires = now() + timeout + HOLD_GRACE;
    const request = { id: hold, account, key, digest, price: asked.price, model: asked.name, expires };
    const holder = question.hold === undefined ? ledger : { hold: question.hold };
    const outcome = await holdCounted(limit(), holder, request);
    if (outcome.kind === "held") return settle({ question, hold, key, models, asked, timeout });
    if (outcome.kind !== "paid" && outcome.kind !== "answer_expired") throw refusal(outcome, asked.price);
    const kept = key !== undefined && answers.find(account, key);
    if (kept) {
      await ledger.release(hold);
      const balance = await ledger.balance(account);
      return { ...kept, deducted: outcome.cost, balance, replayed: true, isKept: true };
    }
    if (outcome.kind !== "paid") throw refusal(outcome, asked.price);
    return settle({ question, hold, key, models, asked, timeout, paid: outcome });
  }

  /** From an open hold to its settlement. */
  async function settle({ question, hold, key, models, asked, timeout, paid }: Held): Promise<Answer> {
    const { account, prompt, stop, onReasoning, untilRead, onFallback, timing } = question;
    const { signal } = stop;
    const replayed = paid !== undefined;
    const deducted = paid ? paid.cost : asked.price;
    let reachedClient = false;
    let settled = false;

    async function charge(): Promise<Balance> {
      const outcome = await ledger.charge(hold);
      if (outcome.kind === "expired") throw tookTooLong();
      settled = true;
      return outcome.balance;
    }
    function onDelta(pieces: Pieces, model: string, turns: number): void {
      if (signal.aborted) return;
      if (question.onDelta!(pieces, { replayed, model, turns })) reachedClient = true;
      else stop.abort(new ClientGone());
    }

    /** Whoever does not read counts as gone when the question ends: else it would have got its text for nothing. */
    const isUnread = () => untilRead?.() !== undefined;

    const deadline = setTimeout(() => {
      stop.abort(isUnread() ? new ClientGone() : tookTooLong());
    }, timeout);
    try {
      const model = paid ? modelOfCharge(models, paid.model, asked) : asked;
      const begun = timing && performance.now();
      await learnModel(model, signal);
      // By what was learned now.
      if (!paid) checkAny(prompt, model);
      const fallback = fallbackOfAny(models, model, prompt);
      question.onAsking?.(replayed, fallback ? undefined : headOfAny(prompt, model));
      const answer = await askModel(model, fallback, {
        prompt,
        keeps: key !== undefined,
        signal,
        onDelta: question.onDelta && onDelta,
        onReasoning,
        untilRead,
        onFallback,
        onAiCall,
      }).catch((error: unknown) => {
        // Only the connection can have failed: nothing was read from the AI.
        throw !signal.aborted && isUnread() ? new ClientGone() : error;
      });
      if (timing) timing.ai = performance.now() - begun!;
      // From here on the store decides: a client that leaves now has paid for its answer.
      if (key !== undefined && answer.response !== "") answers.keep(account, key, answer);
      const balance = await charge();
      // The spread is last, for the reason in form-batch.ts.
      return { deducted, balance, replayed, ...answer };
    } catch (error) {
      if (key !== undefined && !settled) answers.forget(account, key);
      if (!(error instanceof ClientGone && reachedClient)) throw error;
      const { tokens } = await charge();
      throw new ClientGone({ charged: replayed ? 0 : deducted, tokens });
    } finally {
      clearTimeout(deadline);
      // If the release fails, too, the hold expires by itself; the first failure is the one to report.
      if (!settled) await ledger.release(hold).catch(() => {});
    }
  }

  return {
    async ask(question) {
      if (stopping) throw shuttingDown();
      const { account, stop } = question;
      inFlight.assertRoom(account, settings);
      const answer = run(question);
      const remove = inFlight.add({ account, answer, stop });
      try {
        const given = await answer;
        answered += 1;
        return given;
      } finally {
        remove();
      }
    },

    get models() {
      return settings.models;
    },

    async change(next) {
      settings = next;
      await allSettled();
    },

    async drain(patience) {
      stopping = true;
      const abortAll = setTimeout(() => {
        for (const { stop } of inFlight.items()) stop.abort(shuttingDown());
      }, patience);
      const ended = await allSettled();
      clearTimeout(abortAll);
      return ended.filter((one) => one.status === "rejected" && isAborted(one.reason)).length;
    },

    get inFlight() {
      return inFlight.size;
    },

    get answered() {
      return answered;
    },
  };
}
