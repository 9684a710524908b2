import type { Answered, Request } from "./model-request.ts";
import type { Completion } from "./completion.ts";
import type { Model } from "./models.ts";
import { relayText } from "./relay-text.ts";
import type { RelayRequest } from "./relay.ts";

/** Asks a model for a completion: what the client wrote, after the operator's system prompt. */
export async function relayCompletion(
  { name, system, provider }: Model,
  { body, streamOptions }: Completion,
  { keeps = false, signal, onDelta, onReasoning, untilRead }: Request,
): Promise<Answered> {
  const messages = system ? [{ role: "system", content: system }, ...body.messages] : body.messages;
  const asksOptions = onDelta !== undefined && streamOptions !== undefined;
  const request: RelayRequest = {
    body: { ...body, messages, ...(asksOptions && { stream_options: streamOptions }) },
    name,
    whole: onDelta === undefined || keeps,
    signal,
    onDelta: onDelta && ((events) => onDelta(events, name, 0)),
    onReasoning: onReasoning && ((events) => !signal.aborted && onReasoning(events)),
    untilRead,
  };
  const { document, tail, usage } = await (provider.relay?.(request) ?? relayText(provider, request));
  return { response: document, tail, usage, model: name, finish: null, turns: 0 };
}
