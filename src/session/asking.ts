import { ClientError } from "../client/failure.ts";
import type { ApiClient } from "../client/http/contract.ts";
import type { Turn } from "../protocol/bodies.ts";
import type { Account } from "./account.ts";
import { loginWord } from "./connection.ts";
import { failureLines, internal, isSpent, wantsLogin } from "./failure.ts";
import { passwordForm } from "./form.ts";
import { forgotten, forgottenWords, unpinned } from "./context.ts";
import { exchange, type Ended } from "./exchange.ts";
import { cutWords } from "../protocol/cut-words.ts";
import { counted, grouped } from "../text/numbers.ts";
import { costWords } from "./money.ts";
import type { Image } from "../protocol/images.ts";
import { pendingOn } from "./lost.ts";
import { createOutgoing } from "./outgoing.ts";
import { createProgress } from "./progress.ts";
import { leftOutRoleWords } from "./role.ts";
import { isRequired, leftOutWords, nameFor } from "./model.ts";
import { sameQuestion, turnsBefore } from "./same-question.ts";
import { imagesIn, sendable } from "./sent-images.ts";
import { sayCost, type Room } from "./room.ts";
import type { KeptQuestion } from "./kept-question.ts";
import type { Saver } from "./saving.ts";
import { settle } from "../protocol/settle.ts";

interface Again {
  /** The turns before it; by default those of the conversation. */
  before?: readonly Turn[];
  /** Keeps its key although the turns before it are new objects: after a stop, or after a login. */
  again?: boolean;
  /** The question was printed before. */
  shown?: boolean;
  /** It is the first one of the queue. */
  isQueued?: boolean;
}

/** A question that waits for a login. */
export interface Waiting extends Again {
  message: string;
}

export interface Asking {
  readonly lastData: number;
  /** Never rejects with a `ClientError`: prints a failure. */
  ask(message: string, again?: Again): Promise<void>;
  /** Asks the last question again: under the same key if it failed or was stopped, else as a new one. */
  retry(): Promise<void>;
  /** Stops the answer, or the requests that follow it. */
  stop(): void;
  /** Removes and returns the question that waits for a login. */
  takeWaiting(): Waiting | undefined;
}

interface AskingOptions {
  account: Pick<Account, "tryBalance" | "checkPrice" | "learnOffer">;
  saver: Pick<Saver, "begin">;
}

/** Asks one question at a time, and prints how it ended. */
export function createAsking(room: Room, { account, saver }: AskingOptions): Asking {
  const { say, dispatch, state, now } = room;
  /** One, or two while the balance after the last question is still requested. */
  const underWay = new Set<AbortController>();
  let askedAt = 0;
  let waiting: Waiting | undefined;
  /** What was said of a server. */
  const saidOf = new Map<"history" | "models" | "role", ApiClient>();
  /** The key of a question that may have been charged although it failed or was stopped. */
  let inDoubt: string | undefined;
  /** The key of a question that the server refuses for its key. */
  let spent: string | undefined;

  /** Says something once of each server. */
  const noteOnce = (about: "history" | "models" | "role", words: string) => {
    if (saidOf.get(about) === room.client) return;
    saidOf.set(about, room.client);
    room.note("dim", words);
  };

  const onModelLeftOut = () => {
    const { choice } = state();
    if (choice !== undefined) noteOnce("models", leftOutWords(choice.name));
  };

  const progress = createProgress(room);

  const outgoingOf = createOutgoing(room, (words) => noteOnce("role", words));

  const stopped = async (text: string, saved: KeptQuestion) => {
    const { tokens: before, price, last } = state();
    dispatch({ type: "stopping", text, at: now() });
    const milliseconds = now() - askedAt;
    const { cost, tokens } = await settle({ client: room.client, before, price, sleep: room.sleep, now });
    if (tokens !== null) dispatch({ type: "balance", tokens });
    if (cost !== 0) inDoubt = last?.key;
    const spent = stoppedWords(cost, state().price);
    say({ type: "cost", spent, milliseconds, tokens: state().tokens });
    await saved.keep(text, true, cost);
    if (text !== "" || cost === 0) room.onPending?.(undefined);
    dispatch({ type: "settled" });
    if (text === "" && last !== undefined) say({ type: "giveBack", text: last.message });
  };

  const failed = async (
    { text, error: cause }: Exclude<Ended, { kind: "answered" }>,
    question: Waiting,
    saved: KeptQuestion,
    signal: AbortSignal,
  ) => {
    await saved.drop();
    const error = cause instanceof ClientError ? cause : internal(cause);
    inDoubt = error.charged === "maybe" ? state().last?.key : undefined;
    if (isSpent(error)) spent = state().last?.key;
    dispatch({ type: "failed", text });
    if (wantsLogin(error)) {
      waiting = { ...question, again: true, shown: true };
      const reason = `Your ${loginWord(room.client)} is no longer valid. Log in, and the question is sent.`;
      return dispatch({ type: "form", form: passwordForm(state().username, reason) });
    }
    if (inDoubt === undefined) room.onPending?.(undefined);
    const { extensions } = await room.client.offer(signal);
    const idempotent = extensions.has("idempotency");
    const { username, price } = state();
    const again = room.again(question.message);
    room.note(
      "error",
      ...failureLines(error, { ...room, username, price, idempotent, again, now: room.wallClock() }),
    );
    say({ type: "giveBack", text: question.message });
    const tokens = error.balance?.tokens ?? null;
    if (tokens !== null) dispatch({ type: "balance", tokens });
    else if (error.charged === "maybe" || error.code === "insufficient_tokens")
      await account.tryBalance(signal);
  };

  const answered = async (
    { text, done }: Extract<Ended, { kind: "answered" }>,
    saved: KeptQuestion,
    { before, sent, signal }: { before: readonly Turn[]; sent: number | undefined; signal: AbortSignal },
  ) => {
    const { tokensDeducted: cost, tokens } = done;
    const milliseconds = now() - askedAt;
    await saved.keep(text, false, cost, done);
    room.onPending?.(undefined);
    dispatch({ type: "answered", text, cost, tokens });
    const cut = cutWords(done.finish);
    if (cut !== undefined) room.note("dim", done.finish === "length" ? `${cut}: say go on` : cut);
    if (state().tokens === null) await account.tryBalance(signal);
    await account.checkPrice(cost, signal);
    sayCost(room, cost, milliseconds);
    if (sent !== undefined) sayForgotten(sent, before);
  };

  /** Says once in a conversation that its beginning no longer reaches the AI. */
  const sayForgotten = (sent: number, before: readonly Turn[]) => {
    const { earlier, toldForgotten } = state();
    const turns = forgotten(2 * earlier + before.length, sent);
    if (turns === 0 || toldForgotten) return;
    dispatch({ type: "toldForgotten" });
    room.note("warn", `${forgottenWords(turns)} /compact sums up, /new starts afresh.`);
  };

  const ask: Asking["ask"] = async (
    message,
    { before = turnsBefore(state(), message), again = false, shown = false, isQueued } = {},
  ) => {
    const known = sameQuestion(state(), message, before, again);
    const same = known?.key === spent ? undefined : known;
    const { choice, models, role } = state();
    const key = same?.key ?? room.newKey();
    const model = same ? same.model : nameFor(choice, models);
    const held = imagesIn(room, message);
    const stop = new AbortController();
    underWay.add(stop);
    if (!shown) say({ type: "question", text: message });
    askedAt = now();
    dispatch({ type: "asked", message, images: held, before, key, model, at: askedAt, isQueued });
    const saved = saver.begin();
    const { signal } = stop;
    let sent: number | undefined;
    const question = {
      message,
      key,
      signal,
      onHistoryKept() {
        sent = undefined;
        noteOnce("history", "This server takes no history: each question stands alone.");
      },
      onInstructionsLeftOut: () => role && noteOnce("role", leftOutRoleWords(role)),
      model,
      ...(isRequired(choice) ? {} : { onModelLeftOut }),
    };
    progress.begin();
    try {
      const { conversation } = state();
      room.onPending?.(pendingOn(room, question, before));
      await saved.claim();
      // It may belong to a fork now.
      if (state().conversation !== conversation) room.onPending?.(pendingOn(room, question, before));
      const { history, instructions, pinned } = await outgoingOf({ key, message, before, role, signal });
      sent = history.length;
      const images = held.length === 0 ? undefined : await attempt(sendable(room, account, held));
      const ended: Ended = signal.aborted
        ? { kind: "stopped", text: "", error: signal.reason }
        : images instanceof ClientError
          ? { kind: "failed", text: "", error: images }
          : await exchange(
              room.client,
              { ...question, history, images, ...(instructions === undefined ? {} : { instructions }) },
              { ...progress.face, inDoubt: key === inDoubt },
            );
      if (ended.kind === "answered" && !ended.isShown) say({ type: "delta", text: ended.text });
      say({ type: "end" });
      if (ended.kind === "answered")
        await answered(ended, saved, {
          before,
          sent: unpinned(ended.done.turnsSent ?? sent, history.length - pinned),
          signal,
        });
      else if (ended.kind === "stopped") await stopped(ended.text, saved);
      else await failed(ended, { message, before }, saved, signal);
    } finally {
      underWay.delete(stop);
    }
  };

  return {
    get lastData() {
      return progress.lastData;
    },
    ask,
    async retry() {
      const { last, phase, price } = state();
      if (phase.kind !== "idle") return;
      if (last === undefined) return room.note("dim", "There is no question to ask again.");
      const { message, before, outcome } = last;
      const cost = price === null ? "" : ` for ${counted(price, "token")}`;
      if (outcome === "answered") room.note("dim", `A new question${cost}.`);
      await ask(message, { before, again: outcome !== "answered" });
    },
    stop: () => underWay.forEach((stop) => stop.abort()),
    takeWaiting() {
      const taken = waiting;
      waiting = undefined;
      return taken;
    },
  };
}

function stoppedWords(cost: number | null, price: number | null): string[] {
  if (cost !== null) return ["stopped", ...costWords(cost)];
  return ["stopped", `may have cost ${price === null ? "a question" : grouped(price)}`];
}

/** The result, or why there is none. */
const attempt = (work: Promise<Image[]>): Promise<Image[] | ClientError> =>
  work.catch((error: unknown) => (error instanceof ClientError ? error : internal(error)));
