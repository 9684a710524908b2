import type { Finish } from "../../protocol/replies.ts";
import type { AiCall } from "./ai-calls.ts";
import { ApiError } from "./api-error.ts";
import { isCompletion } from "./any-prompt.ts";
import type { Answered, Request } from "./model-request.ts";
import type { Model } from "./models.ts";
import { contextFor, dropImages } from "./prompt.ts";
import { relayCompletion } from "./relay-completion.ts";
import type { StopSignal } from "./stop.ts";

/**
 * Asks a model, and once its fallback if it fails before any of its text was passed on and the question itself is not the
 * reason. Rejects with the reason of `signal` the moment it is aborted, whatever a provider does.
 */
export async function askModel(
  model: Model,
  fallback: Model | undefined,
  { prompt, keeps, signal, onDelta, onReasoning, untilRead, onFallback, onAiCall }: Request,
): Promise<Answered> {
  let start = 0;
  let firstText: number | undefined;
  const request: Request = {
    prompt,
    keeps,
    signal,
    onDelta:
      onDelta &&
      ((pieces, name, turns) => {
        if (firstText === undefined) {
          firstText = performance.now() - start;
          if (!isCompletion(prompt)) dropImages(prompt);
        }
        onDelta(pieces, name, turns);
      }),
    onReasoning,
    untilRead,
  };

  async function ask(one: Model): Promise<Answered> {
    signal.throwIfAborted();
    start = performance.now();
    const tell = (failure?: Pick<AiCall, "failure" | "cause">) =>
      onAiCall?.({ model: one.name, ms: performance.now() - start, firstText, ...failure });
    try {
      const answered = await answerOf(one, request);
      tell();
      return answered;
    } catch (error) {
      const failure = failureIn(error, untilRead);
      if (failure) tell(failure);
      throw error;
    }
  }

  try {
    return await ask(model);
  } catch (error) {
    const hasText = firstText !== undefined;
    const mayFallBack = error instanceof ApiError && !error.refused && !hasText && !signal.aborted;
    if (!mayFallBack || fallback === undefined) throw error;
    onFallback?.(fallback.name, error);
    await learnModel(fallback, signal);
    return ask(fallback);
  }
}

/** Undefined if the AI is not the reason: the client left or does not read, or the server stops. */
function failureIn(
  error: unknown,
  untilRead: Request["untilRead"],
): Pick<AiCall, "failure" | "cause"> | undefined {
  if (!(error instanceof ApiError) || !error.ai || untilRead?.() !== undefined) return undefined;
  return { failure: error.ai, cause: error.cause instanceof Error ? error.cause.message : undefined };
}

async function answerOf(model: Model, request: Request): Promise<Answered> {
  const { prompt, signal, onDelta, onReasoning, untilRead } = request;
  if (isCompletion(prompt)) {
    const completion = await unlessAborted(relayCompletion(model, prompt, request), signal);
    signal.throwIfAborted();
    return completion;
  }
  const { messages, turns } = contextFor(prompt, model);
  let finish: Finish | null = null;
  const answer = model.provider.answer({
    messages,
    signal,
    onFinish: (reason) => (finish = reason),
    // Without a list of models its name may have been a guess when the question came.
    onDelta: onDelta && ((pieces) => onDelta(pieces, model.name, turns)),
    onReasoning: onReasoning && ((text) => !signal.aborted && onReasoning(text)),
    untilRead,
  });
  const response = await unlessAborted(answer, signal);
  signal.throwIfAborted();
  return { response, model: model.name, finish, turns };
}

/** Before a question: an upstream that was late may tell only now how much of a conversation it reads. */
export async function learnModel({ provider }: Model, signal: StopSignal): Promise<void> {
  if (provider.learn && !signal.aborted) await unlessAborted(provider.learn(), signal);
}

/** Rejects with the signal's reason as soon as it aborts. */
function unlessAborted<T>(work: Promise<T>, signal: StopSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
    work.then(resolve, reject);
  });
}
