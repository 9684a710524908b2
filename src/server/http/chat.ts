import type { ChatBody } from "../../protocol/bodies.ts";
import type { Budget } from "./budget.ts";
import { CHAT_BODY_BYTES } from "../../protocol/limits.ts";
import { headers, type ChatReply, type DoneEvent } from "../../protocol/replies.ts";
import { modelNamed, type Models } from "../core/models.ts";
import { checkLength, type Prompt } from "../core/prompt.ts";
import type { Answer, Question } from "../core/questions.ts";
import { ClientGone } from "../core/client-gone.ts";
import { wantsEvents } from "./accept.ts";
import { finishWork, openStream, pushBill, questionFor, replyEvents, type AnswerNeeds } from "./asking.ts";
import { textLimit } from "./chat-body.ts";
import type { Context } from "./context.ts";
import { modelHeader } from "./model-header.ts";
import { problemOf } from "./problem.ts";
import { tooLarge } from "./read-body.ts";
import { headOf, replyJson } from "./reply.ts";
import { createTicker } from "./ticker.ts";
import type { Handler } from "./validate.ts";

/** What the head of a stream says about an answer. */
type Head = Partial<Pick<Answer, "model" | "finish" | "turns">>;

/** Adds the headers for what is known. */
function pushHead(head: string[], { model, finish, turns }: Head): void {
  if (model !== undefined) head.push(headers.model, modelHeader(model));
  if (turns !== undefined) head.push(headers.turnsSent, String(turns));
  if (finish) head.push(headers.finish, finish);
}

/** A body may be larger only by the images for a model that takes some. */
function assertText({ state }: Context, models: Models, images: ChatBody["images"] = []): void {
  const { buffered = 0 } = state;
  if (buffered <= CHAT_BODY_BYTES) return;
  const limit = textLimit(models);
  if (images.reduce((rest, { data }) => rest - data.length, buffered) > limit) throw tooLarge(limit);
}

async function questionOf(ctx: Context, models: Models, body: ChatBody): Promise<Question> {
  const { message, history = [], model, instructions, images } = body;
  const prompt: Prompt = { message, history, instructions, images };
  // Before the key, as docs/http-api.md#order-of-checks says.
  const asked = modelNamed(models, model);
  assertText(ctx, models, asked.images ? images : undefined);
  checkLength(prompt, asked);
  return questionFor(ctx, prompt, model);
}

/** `POST /api/chat`, plain. */
function replyWhole(ctx: Context, budget: Budget, answer: Answer): void {
  finishWork(ctx, budget, answer);
  const head = headOf(ctx.res);
  pushHead(head, answer);
  pushBill(head, answer);
  const reply: ChatReply = { response: answer.response, tokens_deducted: answer.deducted };
  replyJson(ctx, 200, reply);
}

/**
 * The handler of `POST /api/chat`: one JSON reply or a stream of events, as the client prefers
 * (docs/http-api.md#streaming).
 */
export function answerQuestion(given: AnswerNeeds): Handler<ChatBody> {
  const needs = { ...given, ticker: createTicker() };
  const { questions, budget } = needs;
  return async function answerQuestion(ctx, body) {
    const question = await questionOf(ctx, questions.models, body);
    headOf(ctx.res).push("Vary", "Accept");
    if (!wantsEvents(ctx.req.headers.accept ?? ""))
      return replyWhole(ctx, budget, await questions.ask(question));
    const head: Head = {};
    const stream = openStream(ctx, needs, (begun) => pushHead(begun, head));
    const asked = questions.ask({
      ...question,
      onAsking(replayed, known) {
        Object.assign(head, known);
        stream.asking(replayed);
      },
      onReasoning: (text) => stream.reasoning(text),
      untilRead: () => stream.untilRead(),
      onDelta(pieces, { replayed, model, turns }) {
        head.model = model;
        head.turns = turns;
        return stream.deltas(pieces, replayed);
      },
    });
    return replyEvents(ctx, stream, {
      asked,
      budget,
      async end(answer) {
        Object.assign(head, answer);
        // Only for a kept answer the AI is not asked.
        if (!stream.started() && !(await stream.replay(answer.response))) throw new ClientGone();
        const event: DoneEvent = {
          response: answer.response,
          tokens_deducted: answer.deducted,
          tokens_remaining: answer.balance.tokens,
          model: answer.model,
          finish: answer.finish,
          turns_sent: answer.turns,
        };
        await stream.done(event);
      },
      fail: (error) => stream.fail(problemOf(error, ctx.state.requestId)),
    });
  };
}
