import type { ChatBody } from "../../protocol/bodies.ts";
import { headers, type ChatReply, type DoneEvent } from "../../protocol/replies.ts";
import type { Answer, Question, Questions } from "../core/questions.ts";
import { ClientGone } from "../core/client-gone.ts";
import { wantsEvents } from "./accept.ts";
import { ownTurn, stopWithClient } from "./client-signal.ts";
import { accountOf, replyJson, type Context, type Middleware } from "./context.ts";
import { createEventStream, type EventStream } from "./event-stream.ts";
import { problemOf, toldAs } from "./problem.ts";

interface Needs {
  questions: Questions;
  stopping: () => boolean;
  /** Milliseconds. */
  questionTimeout: number;
}

function questionOf(ctx: Context): Question {
  const { message, history = [] } = ctx.state.input as ChatBody;
  const { key } = ctx.state;
  return {
    account: accountOf(ctx).id,
    message,
    history,
    ...(key !== undefined && { key }),
    stop: stopWithClient(ctx.res),
  };
}

function bill(ctx: Context, { deducted, balance, replayed }: Answer): void {
  ctx.state.bill = { charged: replayed ? 0 : deducted, tokens: balance.tokens };
}

/** `POST /api/chat`, plain. */
async function replyWhole(ctx: Context, questions: Questions): Promise<void> {
  const answer = await questions.ask(questionOf(ctx));
  bill(ctx, answer);
  ctx.set(headers.remaining, String(answer.balance.tokens));
  if (answer.replayed) ctx.set(headers.replayed, "true");
  const reply: ChatReply = { response: answer.response, tokens_deducted: answer.deducted };
  replyJson(ctx, 200, reply);
}

/**
 * `POST /api/chat`, streamed: what fails before the first delta is thrown, what fails after it becomes an event. An
 * answer without any delta was kept.
 */
async function replyEvents(ctx: Context, questions: Questions, stream: EventStream): Promise<void> {
  try {
    const answer = await questions.ask({ ...questionOf(ctx), onDelta: stream.delta });
    bill(ctx, answer);
    if (!stream.started() && !(await stream.replay(answer.response))) throw new ClientGone();
    const event: DoneEvent = {
      response: answer.response,
      tokens_deducted: answer.deducted,
      tokens_remaining: answer.balance.tokens,
    };
    await stream.done(event);
  } catch (error) {
    if (!stream.started()) throw error;
    ctx.state.failure = error;
    stream.fail(problemOf(toldAs(error), ctx.state.requestId));
  }
  ctx.respond = false;
}

/** The handler of `POST /api/chat`: one JSON reply or a stream of events, as the client prefers (API.md §2). */
export function answerQuestion({ questions, stopping, questionTimeout }: Needs): Middleware {
  return async function answerQuestion(ctx) {
    await ownTurn(ctx.req, ctx.res);
    ctx.vary("Accept");
    if (!wantsEvents(ctx.get("Accept"))) return replyWhole(ctx, questions);
    const beforeHead = (replayed: boolean) => {
      ctx.status = 200;
      if (replayed) ctx.set(headers.replayed, "true");
      if (stopping()) ctx.set("Connection", "close");
    };
    const stream = createEventStream(ctx.res, { beforeHead, patience: questionTimeout });
    return replyEvents(ctx, questions, stream);
  };
}
