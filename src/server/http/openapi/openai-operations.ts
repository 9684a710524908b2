import { routes } from "../../../protocol/routes.ts";
import { headers } from "../../../protocol/replies.ts";
import { idempotencyKey, questionErrors } from "./chat-operations.ts";
import { headerRefs } from "./headers.ts";
import { eventStream, jsonBody, jsonReply, type Operation } from "./operation.ts";
import { refTo } from "./schemas.ts";

const model = { id: "demo", object: "model", created: 0, owned_by: "ai-chat-system" };
const choice = { index: 0, message: { role: "assistant", content: "It is sunny." }, finish_reason: "stop" };
const completion = {
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 0,
  model: "demo",
  choices: [choice],
};

const stream = `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":0,"model":"demo","choices":[{"index":0,"delta":{"content":"It is sunny."},"finish_reason":null}]}

data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":0,"model":"demo","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

data: [DONE]

`;

/** OpenAI's API. */
export const openAiOperations: Operation[] = [
  {
    method: "post",
    path: routes.completions,
    id: "createChatCompletion",
    tag: "OpenAI's API",
    summary: "Ask for a chat completion",
    description:
      "The AI gets the body as the program sent it, and its reply is passed on, but for the name of the model. Parameters that could cost the operator anything are refused: see [what is passed on](docs/openai.md#what-is-passed-on). `[DONE]` says that the answer is whole and paid. An error after the head of a stream is the last event, without `[DONE]`. The `code` of a 400 is `unsupported_parameter`, `unsupported_value`, `context_length_exceeded`, or null if a parameter is wrong; if the AI refused the request, `code` and `param` are the AI's.",
    see: "docs/openai.md#setting-up",
    access: "either",
    parameters: [idempotencyKey],
    body: jsonBody(
      "CompletionBody",
      "At most 32 MiB, unless the operator says otherwise, counted unpacked. See [limits](docs/openai.md#limits).",
      { question: { messages: [{ role: "user", content: "How is the weather today?" }] } },
    ),
    replies: {
      200: {
        description: "The completion, or with `stream` its events.",
        headers: headerRefs([headers.model, headers.remaining, headers.replayed, "X-Accel-Buffering"]),
        content: {
          "application/json": { schema: refTo("ChatCompletion"), example: completion },
          "text/event-stream": eventStream(
            {
              message: {
                description: "A chunk, at last `[DONE]`; or an error.",
                contentSchema: { anyOf: [refTo("ChatCompletionChunk"), refTo("OpenAiError")] },
              },
            },
            stream,
          ),
        },
      },
    },
    errors: ["not_found", ...questionErrors],
  },
  {
    method: "get",
    path: routes.openAiModels,
    id: "listOpenAiModels",
    tag: "OpenAI's API",
    summary: "List the models as OpenAI's API does",
    description: "The same models as in `GET /api/models/`.",
    see: "docs/openai.md#setting-up",
    access: "either",
    replies: { 200: jsonReply("OpenAiModels", "The models.", { object: "list", data: [model] }) },
    errors: [],
  },
  {
    method: "get",
    path: routes.openAiModel,
    id: "getOpenAiModel",
    tag: "OpenAI's API",
    summary: "Read one model",
    description: "A name may have slashes, as they are or encoded.",
    see: "docs/openai.md#setting-up",
    access: "either",
    parameters: [
      {
        name: "id",
        in: "path",
        required: true,
        description: "Name of the model.",
        schema: { type: "string" },
        example: "demo",
      },
    ],
    replies: { 200: jsonReply("OpenAiModel", "The model.", model) },
    errors: ["not_found"],
  },
];
