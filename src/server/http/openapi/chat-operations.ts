import type { ErrorCode } from "../../../protocol/errors.ts";
import { CHAT_BODY_BYTES, IMAGES, MOST_CHAT_BODY_BYTES } from "../../../protocol/limits.ts";
import { headers } from "../../../protocol/replies.ts";
import { routes } from "../../../protocol/routes.ts";
import { headerRefs } from "./headers.ts";
import { eventStream, jsonBody, jsonData, jsonReply, type Operation } from "./operation.ts";
import { refTo } from "./schemas.ts";

const MIB = 1024 * 1024;

/** Makes a repeat of a question safe. */
export const idempotencyKey = {
  name: headers.key,
  in: "header",
  description:
    "The same key is charged at most once within 24 hours: a repeat with it is safe. 1–255 visible ASCII characters, with or without the quotes of a structured-field string.",
  // Parameters after the quotes have no limit.
  schema: { type: "string", minLength: 1 },
  example: "order-17",
};

/** What a question can fail with. */
export const questionErrors: readonly ErrorCode[] = [
  "insufficient_tokens",
  "tokens_held",
  "key_limit_reached",
  "request_in_progress",
  "answer_expired",
  "idempotency_key_reused",
  "rate_limited",
  "upstream_error",
  "upstream_unavailable",
  "overloaded",
  "shutting_down",
  "upstream_timeout",
];

const stream = `event: delta
data: {"text":"It is "}

event: delta
data: {"text":"sunny."}

event: done
data: {"response":"It is sunny.","tokens_deducted":100,"tokens_remaining":3800,"model":"demo","finish":"stop","turns_sent":0}

`;

/** Questions, and the models that answer them. */
export const chatOperations: Operation[] = [
  {
    method: "post",
    path: routes.chat,
    id: "ask",
    tag: "chat",
    summary: "Ask a question",
    description: `The tokens are held when the question starts, and charged when its answer is whole: see [charging](docs/http-api.md#charging).

A request whose \`Accept\` names \`text/event-stream\` and ranks it above JSON gets the answer as [events](docs/http-api.md#streaming). \`delta\` carries the next piece of the answer, and \`reasoning\` what a model thinks before it. \`done\` is the last event of an answer; the charge is on disk before it. \`error\` is the last event of an answer that fails after its head was sent. Lines that begin with a colon are comments.`,
    see: "docs/http-api.md#chat",
    access: "asker",
    parameters: [idempotencyKey],
    body: jsonBody(
      "ChatBody",
      `What the model's limits need, at least ${CHAT_BODY_BYTES / MIB} MiB and at most ${MOST_CHAT_BODY_BYTES / MIB} MiB, counted unpacked. With images ${IMAGES.body / MIB} MiB, if the token is in the head. See [limits](docs/http-api.md#limits).`,
      {
        question: { message: "How is the weather today?" },
        conversation: {
          message: "And Naples?",
          history: [
            { role: "user", content: "Where is Rome?" },
            { role: "assistant", content: "In Italy." },
          ],
          instructions: "Answer in one sentence.",
        },
      },
    ),
    replies: {
      200: {
        description: "The answer, in JSON or as events.",
        headers: headerRefs([
          headers.model,
          headers.turnsSent,
          headers.finish,
          headers.remaining,
          headers.replayed,
          "Vary",
          "X-Accel-Buffering",
        ]),
        content: {
          "application/json": {
            schema: refTo("ChatReply"),
            example: { response: "It is sunny.", tokens_deducted: 100 },
          },
          "text/event-stream": eventStream(
            {
              delta: jsonData("DeltaEvent"),
              reasoning: jsonData("ReasoningEvent"),
              done: jsonData("DoneEvent"),
              error: jsonData("Problem"),
            },
            stream,
          ),
        },
      },
    },
    errors: ["conflicting_tokens", ...questionErrors],
    errorHeaders: ["Vary"],
  },
  {
    method: "get",
    path: routes.models,
    id: "listModels",
    tag: "chat",
    summary: "List the models",
    description: "The models that a question can name, and what each costs and takes.",
    see: "docs/http-api.md#models",
    access: "nothing",
    replies: {
      200: jsonReply("ModelsReply", "The models.", {
        models: [
          {
            name: "demo",
            price: 100,
            default: true,
            limits: { message: 100_000, context: 100_000, turns: 200 },
          },
        ],
      }),
    },
    errors: [],
  },
];
