import { headers } from "../../../protocol/replies.ts";
import { checkCompletion, wantsUsage } from "../../core/completion.ts";
import { eventsOf } from "../../core/completion-events.ts";
import type { Answer } from "../../core/questions.ts";
import { assertRoom, logBill, questionFor, replyEvents } from "../asking.ts";
import type { Budget } from "../budget.ts";
import type { AnswerNeeds } from "../chat.ts";
import { forgetWork } from "../client-signal.ts";
import type { Context, Middleware } from "../context.ts";
import { errorReplyOf } from "../error-reply.ts";
import { createEventStream } from "../event-stream.ts";
import { modelHeader } from "../model-header.ts";
import { headOf } from "../reply.ts";
import { createTicker } from "../ticker.ts";
import { modelFor, readCompletion } from "./read-completion.ts";

const DONE = "data: [DONE]\n\n";

function replyWhole(ctx: Context, budget: Budget, answer: Answer): void {
  assertRoom(budget, answer);
  logBill(ctx, answer);
  forgetWork(ctx.res);
  const head = headOf(ctx.res);
  head.push(headers.model, modelHeader(answer.model), headers.remaining, String(answer.balance.tokens));
  if (answer.replayed) head.push(headers.replayed, "true");
  ctx.state.reply = { status: 200, content: { type: "application/json", text: answer.response } };
}

/** A kept answer as a stream. */
const keptEvents = ({ response }: Answer) => eventsOf(JSON.parse(response) as Record<string, unknown>);

/**
 * The handler of `POST /v1/chat/completions` (docs/openai.md): passes the reply of the AI on, and charges it as
 * `POST /api/chat` does.
 */
export function completeChat({ questions, budget, stopping, questionTimeout }: AnswerNeeds): Middleware {
  const ticker = createTicker();
  return async function completeChat(ctx) {
    const { completion, model, isStream } = readCompletion(ctx.state.body);
    checkCompletion(completion, modelFor(questions.models, model));
    const question = await questionFor(ctx, completion, model);
    if (!isStream) return replyWhole(ctx, budget, await questions.ask(question));
    const { res } = ctx;
    let answering: string | undefined;
    const finishHead = (replayed: boolean) => {
      const head = headOf(res);
      if (answering !== undefined) head.push(headers.model, modelHeader(answering));
      if (replayed) head.push(headers.replayed, "true");
      if (stopping()) res.shouldKeepAlive = false;
      return head;
    };
    const stream = createEventStream(res, { finishHead, ticker, budget, patience: questionTimeout() });
    const asked = questions.ask({
      ...question,
      onAsking(replayed, known) {
        answering = known?.model;
        stream.asking(replayed);
      },
      onReasoning: (events) => stream.asides(events),
      untilRead: () => stream.untilRead(),
      onDelta(events, { replayed, model }) {
        answering = model;
        return stream.events(events as string, replayed);
      },
    });
    return replyEvents(ctx, stream, {
      asked,
      budget,
      end(answer) {
        answering = answer.model;
        const { now, tail = "", usage = "" } = answer.isKept ? keptEvents(answer) : { ...answer, now: "" };
        return stream.end(now + tail + (wantsUsage(completion) ? usage : "") + DONE, answer.isKept);
      },
      fail(error) {
        const { body } = errorReplyOf(ctx.path, error, ctx.state.requestId);
        return stream.end(`data: ${JSON.stringify(body)}\n\n`);
      },
    });
  };
}
