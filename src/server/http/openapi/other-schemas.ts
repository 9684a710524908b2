import { PASSED } from "../../core/completion-parameters.ts";
import { refTo, type Node } from "./schemas.ts";

const text = { type: "string" };
const open = { type: "object", additionalProperties: true };
const listOf = (items: Node) => ({ type: "array", items });

/** What OpenAI's API has, as far as this server looks at it. Whatever else the AI sends is passed on. */
const openAi: Record<string, Node> = {
  CompletionBody: {
    type: "object",
    description: "A body of OpenAI's chat completions. What has no type here is passed on as it is.",
    required: ["messages"],
    properties: {
      messages: { ...listOf(open), minItems: 1 },
      model: { type: ["string", "null"], description: "Name of a model. Without it the default answers." },
      stream: { type: ["boolean", "null"], description: "Whether the completion comes as events." },
      stream_options: { description: "`include_usage`: an event with the usage before `[DONE]`." },
      n: { enum: [1, null], description: "A question has one answer." },
      ...Object.fromEntries(
        [...PASSED].filter((name) => name !== "messages" && name !== "n").map((name) => [name, {}]),
      ),
    },
  },
  ChatCompletion: {
    ...open,
    description: "As the AI sent it, but for the name of the model.",
    required: ["choices"],
    properties: {
      model: text,
      choices: listOf({
        ...open,
        properties: { message: open, finish_reason: { type: ["string", "null"] } },
      }),
      usage: { ...open, type: ["object", "null"], description: "The AI's; null or absent if it tells none." },
    },
  },
  ChatCompletionChunk: {
    ...open,
    description:
      "As the AI sent it, but for the name of the model. `finish_reason` is null until the answer is paid. Events that an AI's host adds may have no `choices`.",
    properties: {
      model: text,
      choices: listOf({ ...open, properties: { delta: open, finish_reason: { type: ["string", "null"] } } }),
      usage: { type: ["object", "null"], additionalProperties: true },
    },
  },
  OpenAiModel: {
    type: "object",
    required: ["id", "object", "created", "owned_by"],
    properties: {
      id: { ...text, description: "The model's name." },
      object: { const: "model" },
      created: { type: "integer", description: "Not known: 0." },
      owned_by: text,
    },
  },
  OpenAiModels: {
    type: "object",
    required: ["object", "data"],
    properties: { object: { const: "list" }, data: listOf(refTo("OpenAiModel")) },
  },
  OpenAiError: {
    type: "object",
    description: "An error as OpenAI's API tells it.",
    required: ["error"],
    properties: {
      error: {
        type: "object",
        required: ["message", "type", "code", "param"],
        properties: {
          message: { ...text, description: "A sentence for a person." },
          type: text,
          code: {
            type: ["string", "null"],
            description: "For programs. OpenAI's name, if it has one; else ours, or the AI's.",
          },
          param: { type: ["string", "null"], description: "The parameter that is wrong." },
        },
      },
    },
  },
};

/** What the health checks say. */
const health: Record<string, Node> = {
  Health: {
    type: "object",
    required: ["status"],
    properties: {
      status: { const: "ok" },
      ai: {
        ...listOf({
          type: "object",
          required: ["model", "state", "since"],
          properties: {
            model: text,
            state: { type: "string", enum: ["ok", "failing", "unknown"] },
            since: { type: ["string", "null"], format: "date-time" },
          },
        }),
        description: "With `ai=1`. The default first.",
      },
    },
  },
  Readiness: { type: "object", required: ["status"], properties: { status: { const: "ready" } } },
};

/** Schemas that have no type in src/protocol/. */
export const otherSchemas: Record<string, Node> = { ...health, ...openAi };
