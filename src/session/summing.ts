import { ClientError } from "../client/failure.ts";
import { cutWords } from "../protocol/cut-words.ts";
import { counted, grouped } from "../text/numbers.ts";
import { exchange, type Ended, type Face } from "./exchange.ts";
import { internal, isSpent, troubleLines } from "./failure.ts";
import { isRequired, nameFor } from "./model.ts";
import type { Room } from "./room.ts";
import { settle } from "../protocol/settle.ts";

export interface Summed {
  text: string;
  /** Who wrote it. */
  model: string | null;
}

/**
 * Asks the questions of a summary. What was answered or may have been charged is remembered until `forget`: a summary that
 * failed halfway is not paid twice.
 */
export interface Summing {
  readonly lastData: number;
  /** What the questions since `begin` cost; null if that is not known. */
  readonly paid: number | null;
  /** The share of a model's limit that a part may have: less once a server has refused a part for its length. */
  readonly share: number;
  begin(): void;
  /** Whether that question was answered already, or its answer comes without another charge. */
  isPaid(message: string): boolean;
  /** The answer; undefined, and told, if it failed, was stopped or is cut. */
  sum(message: string, signal: AbortSignal): Promise<Summed | undefined>;
  /** What was paid although there is no summary. */
  paidWords(): string[];
  forget(): void;
}

/** Seconds that a question waits in all for its retries. */
const LONGEST_WAIT = 90;

export function createSumming(room: Room): Summing {
  const { state, note, dispatch, now } = room;
  const keys = new Map<string, string>();
  const answers = new Map<string, Summed>();
  /** Keys of questions that may have been charged without an answer. */
  const inDoubt = new Set<string>();
  /** Keys of those of which the charge is known, and was told. */
  const told = new Set<string>();
  let lastData = 0;
  let paid: number | null = 0;
  let doubtful = 0;
  let share = 1;

  /** The model is part of what a key stands for. */
  const nameOf = (message: string) => `${nameFor(state().choice, state().models) ?? ""}\n${message}`;

  const pay = (cost: number | null, tokens: number | null) => {
    const { tokens: before } = state();
    paid = paid === null || cost === null ? null : paid + cost;
    dispatch({
      type: "balance",
      tokens: tokens ?? (before === null || cost === null ? null : before - cost),
    });
  };

  const face = (key: string): Face => ({
    sleep: room.sleep,
    maxWait: LONGEST_WAIT,
    inDoubt: inDoubt.has(key),
    show: () => undefined,
    onData: () => void (lastData = now()),
    onReasoning: () => void (lastData = now()),
    onOther: () => undefined,
    onWait: (seconds, reason) =>
      dispatch({ type: "waiting", until: now() + seconds * 1000, reason: reason.message }),
    onTry: () => undefined,
  });

  const stopped = async (key: string) => {
    const { tokens: before, price } = state();
    const { cost, tokens } = await settle({ client: room.client, before, price, sleep: room.sleep, now });
    if (tokens !== null) dispatch({ type: "balance", tokens });
    if (cost === null) doubtful += 1;
    else if (paid !== null) paid += cost;
    if (cost !== 0) inDoubt.add(key);
    if (cost !== null && cost > 0) told.add(key);
    note("dim", "stopped");
  };

  const failed = (cause: unknown, name: string, key: string) => {
    const error = cause instanceof ClientError ? cause : internal(cause);
    if (error.charged === "maybe") {
      inDoubt.add(key);
      doubtful += 1;
    }
    if (isSpent(error)) keys.delete(name);
    const tokens = error.balance?.tokens ?? null;
    if (tokens !== null) dispatch({ type: "balance", tokens });
    note("error", ...troubleLines(error));
    if (error.status !== 413) return;
    share /= 2;
    note("dim", "/compact again asks in smaller parts.");
  };

  const answered = ({ text, done }: Extract<Ended, { kind: "answered" }>, name: string, key: string) => {
    const { tokens: before } = state();
    const isRepeat = told.has(key) && [null, before].includes(done.tokens);
    pay(isRepeat ? 0 : done.tokensDeducted, done.tokens);
    const cut = cutWords(done.finish);
    if (cut === undefined && text.trim() !== "") {
      const summed = { text: text.trim(), model: done.model ?? state().model };
      answers.set(name, summed);
      return summed;
    }
    // Under its key it would come again.
    keys.delete(name);
    note("error", cut === undefined ? "The summary is empty." : `The summary is ${cut}.`);
    return undefined;
  };

  return {
    get lastData() {
      return lastData;
    },
    get paid() {
      return doubtful > 0 ? null : paid;
    },
    get share() {
      return share;
    },
    begin() {
      [paid, doubtful] = [0, 0];
    },
    isPaid(message) {
      const name = nameOf(message);
      if (answers.has(name)) return true;
      return told.has(keys.get(name) ?? "") && state().extensions?.has("idempotency") === true;
    },
    async sum(message, signal) {
      const name = nameOf(message);
      const known = answers.get(name);
      if (known !== undefined) return known;
      const { choice, models } = state();
      const key = keys.get(name) ?? room.newKey();
      keys.set(name, key);
      lastData = now();
      const question = {
        message,
        history: [],
        key,
        signal,
        model: nameFor(choice, models),
        ...(isRequired(choice) ? {} : { onModelLeftOut: () => undefined }),
      };
      const ended: Ended = signal.aborted
        ? { kind: "stopped", text: "", error: signal.reason }
        : await exchange(room.client, question, face(key));
      if (ended.kind === "answered") return answered(ended, name, key);
      if (ended.kind === "stopped") await stopped(key);
      else failed(ended.error, name, key);
      return undefined;
    },
    paidWords() {
      const { price } = state();
      const maybe = `may have cost ${price === null ? "a question" : grouped(price)}`;
      if (paid === 0) return [doubtful === 0 ? "Nothing was charged." : `It ${maybe}.`];
      const known = paid === null ? "It was charged" : `It cost ${counted(paid, "token")}`;
      return [doubtful === 0 ? `${known}.` : `${known}; the last question ${maybe} more.`];
    },
    forget() {
      keys.clear();
      answers.clear();
      inDoubt.clear();
      told.clear();
      share = 1;
    },
  };
}
