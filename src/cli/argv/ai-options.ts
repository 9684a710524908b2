import { CONTEXT_CHARACTERS } from "../../protocol/limits.ts";
import { parseUrl } from "../../text/parse-url.ts";
import { FILLED, filled, LARGEST, oneOf, seconds, text, whole } from "./option.ts";

function webAddress(typed: string): string {
  const url = /^https?:\/\//i.test(typed) ? parseUrl(typed) : undefined;
  if (url === undefined) throw new Error("an address that begins with http:// or https://");
  if (/\/chat\/completions\/*$/i.test(url.pathname)) throw new Error("the address before /chat/completions");
  return typed;
}

/** Which AI answers, and what it gets to read (docs/server.md#which-ai-answers). */
export const aiOptions = {
  provider: oneOf(
    {
      flag: "provider",
      value: "NAME",
      env: ["AI_CHAT_PROVIDER"],
      help: "provider of answers: demo or openai",
      shown: "what is available",
    },
    ["demo", "openai"],
  ),
  baseUrl: text(
    {
      flag: "base-url",
      value: "URL",
      env: ["AI_CHAT_BASE_URL"],
      elsewhere: "password",
      pattern: "^[Hh][Tt][Tt][Pp][Ss]?://.",
      help: "any OpenAI-compatible API, with its /v1",
      shown: "OpenAI's",
    },
    webAddress,
  ),
  model: text(
    {
      flag: "model",
      short: "m",
      value: "NAME",
      env: ["AI_CHAT_MODEL"],
      pattern: FILLED,
      help: "the model's name",
      shown: "the provider's default",
    },
    filled,
  ),
  system: text({
    flag: "system",
    value: "TEXT",
    env: ["AI_CHAT_SYSTEM"],
    help: "system prompt before every conversation",
    shown: "none",
  }),
  contextChars: whole(
    {
      flag: "context-chars",
      value: "N",
      env: ["AI_CHAT_CONTEXT_CHARS"],
      help: "characters of conversation sent to the AI",
      shown: `as many as it reads, ${CONTEXT_CHARACTERS} if that is not known`,
    },
    undefined,
    [0, LARGEST],
  ),
  messageChars: whole(
    {
      flag: "message-chars",
      value: "N",
      env: ["AI_CHAT_MESSAGE_CHARS"],
      help: "longest question, in characters",
      shown: "the context",
    },
    undefined,
    [1, LARGEST],
  ),
  questionTimeout: seconds(
    {
      flag: "question-timeout",
      value: "SECONDS",
      env: ["AI_CHAT_QUESTION_TIMEOUT"],
      help: "longest time for a question",
    },
    120,
    [0.1, 86_400],
  ),
  idleTimeout: seconds(
    {
      flag: "idle-timeout",
      value: "SECONDS",
      env: ["AI_CHAT_IDLE_TIMEOUT"],
      help: "longest silence of the AI within a reply",
    },
    60,
    [0.1, 86_400],
  ),
};
