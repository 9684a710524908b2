import { headers } from "../../protocol/replies.ts";
import type { AnyPrompt } from "../core/any-prompt.ts";
import type { ApiError } from "../core/api-error.ts";
import { ClientGone } from "../core/client-gone.ts";
import type { Answer, Question, Questions } from "../core/questions.ts";
import { noRoom, type Budget } from "./budget.ts";
import { forgetWork, stopWithClient } from "./client-signal.ts";
import { askerOf, type Context } from "./context.ts";
import { createEventStream, type EventStream } from "./event-stream.ts";
import { publicErrorOf } from "./problem.ts";
import { keyOf } from "./read-key.ts";
import { headOf } from "./reply.ts";
import type { Ticker } from "./ticker.ts";

export interface AnswerNeeds {
  questions: Pick<Questions, "ask" | "models">;
  /** What is in memory for clients. */
  budget: Budget;
  stopping: () => boolean;
  /** Milliseconds. */
  questionTimeout: () => number;
}

/** The question of a request. Rejects with {@link ClientGone} if the connection ends before its turn comes. */
export async function questionFor(
  ctx: Context,
  prompt: AnyPrompt,
  model: string | undefined,
): Promise<Question> {
  const key = keyOf(ctx);
  const { account, hold } = askerOf(ctx);
  const { arrived } = ctx.state;
  const isNext = ctx.res.socket !== null;
  const stop = await stopWithClient(ctx.req, ctx.res);
  return {
    account,
    hold,
    prompt,
    model,
    key,
    // The client's wait for its earlier questions on the connection is not ours.
    arrived: isNext || arrived === undefined ? arrived : performance.now(),
    stop,
    onFallback: (name, failure) => (ctx.state.fellBack = { model: name, failure }),
  };
}

/** The stream of an answer. `pushKnown` adds to its head what is known of the answer by then. */
export function openStream(
  { res }: Context,
  { budget, stopping, questionTimeout, ticker }: AnswerNeeds & { ticker: Ticker },
  pushKnown: (head: string[]) => void,
): EventStream {
  const finishHead = (replayed: boolean) => {
    const head = headOf(res);
    pushKnown(head);
    if (replayed) head.push(headers.replayed, "true");
    if (stopping()) res.shouldKeepAlive = false;
    return head;
  };
  return createEventStream(res, { finishHead, ticker, budget, patience: questionTimeout() });
}

/** To be called with a whole answer before it is sent. */
export function finishWork(ctx: Context, budget: Budget, answer: Answer): void {
  const { isKept, response, deducted, balance, replayed } = answer;
  // A repeat costs nothing: many long ones at once, which nobody reads, must not fill the memory.
  if (isKept && !budget.hasRoom(response.length)) throw noRoom();
  ctx.state.bill = { charged: replayed ? 0 : deducted, tokens: balance.tokens };
  forgetWork(ctx.res);
}

/** Adds the headers of every plain answer. */
export function pushBill(head: string[], { balance, replayed }: Answer): void {
  head.push(headers.remaining, String(balance.tokens));
  if (replayed) head.push(headers.replayed, "true");
}

interface Ends {
  asked: Promise<Answer>;
  budget: Budget;
  /** Sends the rest of a whole answer. */
  end: (answer: Answer) => Promise<void>;
  /** Sends a failure as the last event. */
  fail: (error: ApiError) => Promise<void>;
}

/** Ends a streamed answer: a failure before its head is thrown, a later one becomes an event. */
export async function replyEvents(
  ctx: Context,
  stream: EventStream,
  { asked, budget, end, fail }: Ends,
): Promise<void> {
  try {
    const answer = await asked;
    finishWork(ctx, budget, answer);
    await end(answer);
  } catch (error) {
    if (!stream.started()) throw error;
    ctx.state.failure = error;
    // Also one that is still connected, but has not read for too long.
    if (error instanceof ClientGone) ctx.res.destroy();
    else await fail(publicErrorOf(error));
  }
}
