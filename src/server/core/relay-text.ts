import { randomUUID } from "node:crypto";
import { contentText, type Completion } from "./completion.ts";
import { eventOf } from "./completion-events.ts";
import type { Message, Provider } from "./provider.ts";
import { joined } from "./pieces.ts";
import type { Relayed, RelayRequest } from "./relay.ts";

/** A completion of a provider that only gives text: the demo. It has no usage, because nothing was counted. */
export async function relayText(
  provider: Provider,
  { body, name, signal, onDelta, untilRead }: RelayRequest,
): Promise<Relayed> {
  const about = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: name };
  const eventWith = (delta: object, finish_reason: string | null = null) =>
    eventOf(
      JSON.stringify({
        ...about,
        object: "chat.completion.chunk",
        choices: [{ index: 0, delta, finish_reason }],
      }),
    );
  let finish = "stop";
  let role: string | undefined = "assistant";
  const content = await provider.answer({
    messages: messagesOf(body.messages as Completion["body"]["messages"]),
    signal,
    untilRead,
    onFinish: (reason) => (finish = reason),
    onDelta:
      onDelta &&
      ((pieces) => {
        onDelta(eventWith({ ...(role && { role }), content: joined(pieces) }));
        role = undefined;
      }),
  });
  const message = { role: "assistant", content, refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: finish }];
  return {
    document: JSON.stringify({ ...about, object: "chat.completion", choices }),
    tail: eventWith({}, finish),
    usage: "",
  };
}

function messagesOf(messages: Completion["body"]["messages"]): Message[] {
  return messages.map(({ role, content }) => ({
    role: role === "user" || role === "assistant" ? role : "system",
    content: contentText(content),
  }));
}
