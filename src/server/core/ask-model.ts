import type { Turn } from "../../protocol/bodies.ts";
import { ApiError } from "./api-error.ts";
import { contextFor } from "./context.ts";
import type { Model } from "./models.ts";

interface Request {
  message: string;
  history: Turn[];
  /** Ends the question. */
  signal: AbortSignal;
  /** Asks for a stream. Gets the pieces of one moment, and the name of the model that they come from. */
  onDelta?: ((pieces: string[], model: string) => void) | undefined;
  /** Gets what a model thinks before its answer. */
  onReasoning?: ((text: string) => void) | undefined;
  /** Called when the fallback is asked, with its name and the failure of the first. */
  onFallback?: ((model: string, failure: ApiError) => void) | undefined;
}

/** A whole answer, and the name of the model that gave it. */
export interface Answered {
  response: string;
  model: string;
}

/**
 * Asks a model, and once its fallback if it fails before any of its text was passed on and the question itself is not the
 * reason. Rejects with the reason of `signal` the moment it is aborted, whatever a provider does.
 */
export async function askModel(
  model: Model,
  fallback: Model | undefined,
  request: Request,
): Promise<Answered> {
  let hasText = false;
  const withText = request.onDelta && {
    ...request,
    onDelta: (pieces: string[], name: string) => {
      hasText = true;
      request.onDelta!(pieces, name);
    },
  };
  try {
    return await askOne(model, withText ?? request);
  } catch (error) {
    const mayFallBack = error instanceof ApiError && !error.refused && !hasText && !request.signal.aborted;
    if (!mayFallBack || fallback === undefined) throw error;
    request.onFallback?.(fallback.name, error);
    return askOne(fallback, request);
  }
}

async function askOne(model: Model, request: Request): Promise<Answered> {
  const { message, history, signal, onDelta, onReasoning } = request;
  signal.throwIfAborted();
  const { provider, system, contextChars } = model;
  const messages = contextFor({ message, history }, { system, limit: contextChars });
  const answer = provider.answer({
    messages,
    signal,
    // Without a list of models its name may have been a guess when the question came.
    ...(onDelta && { onDelta: (pieces: string[]) => onDelta(pieces, model.name) }),
    ...(onReasoning && { onReasoning: (text: string) => !signal.aborted && onReasoning(text) }),
  });
  const response = await new Promise<string>((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    answer.then(resolve, reject);
  });
  signal.throwIfAborted();
  return { response, model: model.name };
}
