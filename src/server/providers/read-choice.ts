import { APIError } from "openai/core/error";
import { parsed } from "../../text/loose-json.ts";
import { NotWhole } from "./upstream-errors.ts";

type Loose = Record<string, unknown>;

/** A `finish_reason` of an answer that was cut by a failure: of several hosts, vLLM, DeepSeek and Zhipu. */
const CUT = /^(error|abort|insufficient_system_resource|network_error)$/;

/** The first choice of an upstream's document. */
export interface Choice {
  /** Empty if there is none. */
  text: string;
  /** What the model thought before it answers; empty if there is none. */
  reasoning: string;
  /** Whether it has a `finish_reason`. */
  finished: boolean;
  /** The `finish_reason`; `tool_calls` if it calls a tool, whatever the reason; else "". */
  reason: string;
}

/**
 * Reads one document: a chunk of a stream with its text in `delta`, or a whole reply with its `message`. Upstreams differ
 * from the package's types, so every field is checked. APIError if the upstream reports a failure, NotWhole if the
 * document is no object.
 */
export function readChoice(document: unknown, field: "delta" | "message"): Choice {
  // Gemini reports a failure as a list of one.
  if (Array.isArray(document) && isObject(document[0]) && document[0].error)
    throw reported(document[0].error);
  if (!isObject(document)) throw new NotWhole("the upstream sent JSON that is no object");
  const choice = firstChoice(document);
  const failure = failureIn(document) ?? failureIn(choice);
  if (failure !== undefined) throw reported(failure);
  const { finish_reason: reason } = choice;
  const finished = typeof reason === "string" && reason !== "";
  if (finished && CUT.test(reason)) {
    throw new NotWhole(`the upstream ended its answer with the finish_reason ${reason}`, { kind: "server" });
  }
  const part = choice[field];
  return {
    text: textOf(part),
    reasoning: reasoningOf(part),
    finished,
    reason: callsTool(part) ? "tool_calls" : finished ? reason : "",
  };
}

function firstChoice({ choices }: Loose): Loose {
  const found: unknown = Array.isArray(choices) ? choices.find(isFirst) : undefined;
  return isObject(found) ? found : {};
}

/** Whether the first choice calls a tool, in either form, or speaks: what an answer can be instead of text. */
export function hasCall(document: Loose, field: "delta" | "message"): boolean {
  const part = firstChoice(document)[field];
  return isObject(part) && (callsTool(part) || isObject(part.function_call) || isObject(part.audio));
}

/** The failure that an `error` event reports; its data may be other text than JSON. */
export function reportedIn(data: string): APIError {
  const said = parsed(data) ?? data;
  return reported(isObject(said) && said.error ? said.error : said);
}

/** Some upstreams report a sentence instead of an object. */
const reported = (error: unknown) => new APIError(undefined, error as object, undefined, undefined);

const isObject = (value: unknown): value is Loose => typeof value === "object" && value !== null;

const isFirst = (choice: unknown) => isObject(choice) && (choice.index ?? 0) === 0;

/** The error in a document or a choice. Some upstreams send the error itself in place of a chunk. */
function failureIn(part: Loose): unknown {
  if (part.error) return part.error;
  if (isObject(part.x_groq) && part.x_groq.error) return part.x_groq.error;
  // MiniMax sends it with each answer; 0 is no failure.
  if (isObject(part.base_resp) && part.base_resp.status_code) return part.base_resp;
  return part.object === "error" || part.type === "error" || part.error_code ? part : undefined;
}

/** The content; without content, the refusal. */
function textOf(message: unknown): string {
  const { content, refusal }: Loose = isObject(message) ? message : {};
  const text = Array.isArray(content) ? content.map(textOfPart).join("") : content;
  if (typeof text === "string" && text !== "") return text;
  return typeof refusal === "string" ? refusal : "";
}

/**
 * What the model thought: a field, or parts of the content. Some upstreams send both fields with the same text.
 */
function reasoningOf(message: unknown): string {
  const { reasoning_content: first, reasoning: second, content }: Loose = isObject(message) ? message : {};
  if (typeof first === "string" && first !== "") return first;
  if (typeof second === "string" && second !== "") return second;
  return Array.isArray(content) ? content.map(reasoningOfPart).join("") : "";
}

function reasoningOfPart(part: unknown): string {
  if (!isObject(part) || (part.type !== "thinking" && part.type !== "reasoning")) return "";
  const said = part.thinking ?? part.reasoning ?? part.text;
  return Array.isArray(said) ? said.map(textOfPart).join("") : typeof said === "string" ? said : "";
}

function callsTool(message: unknown): boolean {
  return isObject(message) && Array.isArray(message.tool_calls) && message.tool_calls.length > 0;
}

/** Empty for parts of other types. */
function textOfPart(part: unknown): string {
  if (typeof part === "string") return part;
  return isObject(part) && part.type === "text" && typeof part.text === "string" ? part.text : "";
}
