import type { AnyPrompt } from "../core/any-prompt.ts";
import type { ApiError } from "../core/api-error.ts";
import { ClientGone } from "../core/client-gone.ts";
import type { Answer, Question } from "../core/questions.ts";
import { noRoom, type Budget } from "./budget.ts";
import { forgetWork, stopWithClient } from "./client-signal.ts";
import { askerOf, type Context } from "./context.ts";
import type { EventStream } from "./event-stream.ts";
import { publicErrorOf } from "./problem.ts";
import { keyOf } from "./read-key.ts";

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

export function logBill(ctx: Context, { deducted, balance, replayed }: Answer): void {
  ctx.state.bill = { charged: replayed ? 0 : deducted, tokens: balance.tokens };
}

/** A repeat costs nothing: many long ones at once, which nobody reads, must not fill the memory. */
export function assertRoom(budget: Budget, { isKept, response }: Answer): void {
  if (isKept && !budget.hasRoom(response.length)) throw noRoom();
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
    assertRoom(budget, answer);
    forgetWork(ctx.res);
    logBill(ctx, answer);
    await end(answer);
  } catch (error) {
    if (!stream.started()) throw error;
    ctx.state.failure = error;
    // Also one that is still connected, but has not read for too long.
    if (error instanceof ClientGone) ctx.res.destroy();
    else await fail(publicErrorOf(error));
  }
}
