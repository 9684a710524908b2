import { headers } from "../../../protocol/replies.ts";
import { checkCompletion, wantsUsage } from "../../core/completion.ts";
import { eventsOf } from "../../core/completion-events.ts";
import type { Answer } from "../../core/questions.ts";
import { finishWork, openStream, pushBill, questionFor, replyEvents, type AnswerNeeds } from "../asking.ts";
import type { Budget } from "../budget.ts";
import type { Context, Middleware } from "../context.ts";
import { errorReplyOf } from "../error-reply.ts";
import { modelHeader } from "../model-header.ts";
import { headOf } from "../reply.ts";
import { createTicker } from "../ticker.ts";
import { modelFor, readCompletion } from "./read-completion.ts";

const DONE = "data: [DONE]\n\n";

function replyWhole(ctx: Context, budget: Budget, answer: Answer): void {
  finishWork(ctx, budget, answer);
  const head = headOf(ctx.res);
  head.push(headers.model, modelHeader(answer.model));
  pushBill(head, answer);
  ctx.state.reply = { status: 200, content: { type: "application/json", text: answer.response } };
}

/** A kept answer as a stream. */
const keptEvents = ({ response }: Answer) => eventsOf(JSON.parse(response) as Record<string, unknown>);

/**
 * The handler of `POST /v1/chat/completions` (docs/openai.md): passes the reply of the AI on, and charges it as
 * `POST /api/chat` does.
 */
export function completeChat(given: AnswerNeeds): Middleware {
  const needs = { ...given, ticker: createTicker() };
  const { questions, budget } = needs;
  return async function completeChat(ctx) {
    const { completion, model, isStream } = readCompletion(ctx.state.body);
    checkCompletion(completion, modelFor(questions.models, model));
    const question = await questionFor(ctx, completion, model);
    if (!isStream) return replyWhole(ctx, budget, await questions.ask(question));
    let answering: string | undefined;
    const stream = openStream(ctx, needs, (head) => {
      if (answering !== undefined) head.push(headers.model, modelHeader(answering));
    });
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
