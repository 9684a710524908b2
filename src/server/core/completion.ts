import { hasMore } from "../../text/code-points.ts";
import { stringifyExact } from "../../text/exact-json.ts";
import { isRecord } from "../../text/loose-json.ts";
import { ApiError } from "./api-error.ts";
import { ALLOWED, isFunctionTool, PASSED } from "./completion-parameters.ts";
import type { Model } from "./models.ts";
import { sha256 } from "./sha256.ts";

type Loose = Readonly<Record<string, unknown>>;

/** What a client asks with OpenAI's own body (docs/openai.md): it reaches the AI as it is. */
export interface Completion {
  /** Without `model`, `stream` and `stream_options`. `messages` is a list of objects. */
  readonly body: Loose & { readonly messages: readonly Loose[] };
  /** As the client sent it; for a stream. */
  readonly streamOptions: unknown;
}

/** `invalid_request`, with OpenAI's code for it, if there is one. `param`: the parameter that is wrong. */
export const refusedCompletion = (param: string | null, detail: string, code: string | null = null) =>
  new ApiError("invalid_request", detail, { openAi: { code, param } });

/** Whether the client of a stream takes an event without choices. Others may read the first choice of every event. */
export const wantsUsage = ({ streamOptions }: Completion): boolean =>
  isRecord(streamOptions) && streamOptions.include_usage === true;

/** What a key stands for: how the answer is sent is no part of it, nor the order of members. */
export const completionDigest = ({ body }: Completion, key: string, model: string | undefined): string =>
  sha256(stringifyExact([key, "completion", model ?? null, sorted(body)]));

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sorted(value[name])]));
}

/** Throws `invalid_request` for what this model does not take, with OpenAI's code for it. */
export function checkCompletion({ body }: Completion, model: Model): void {
  const param = unsupported(body, model.allow ?? []);
  if (param !== undefined) {
    const detail = `${param} is not supported at this server: leave it out.`;
    throw refusedCompletion(param, detail, "unsupported_parameter");
  }
  const most = model.textChars;
  if (most !== undefined && hasMore(textOf(body.messages), most)) {
    const detail = `The messages have more than the ${most} characters of text that this model takes.`;
    throw refusedCompletion("messages", detail, "context_length_exceeded");
  }
}

/** Whether a model may be asked it in place of another. */
export function takesCompletion(completion: Completion, model: Model): boolean {
  try {
    checkCompletion(completion, model);
    return true;
  } catch {
    return false;
  }
}

/** At a flat price, a parameter that is not known could cost the operator anything. */
function unsupported(body: Loose, allowed: readonly string[]): string | undefined {
  const isAllowed = (name: string) => allowed.includes(name);
  const name = Object.keys(body).find(
    (name) => !PASSED.has(name) && body[name] !== null && body[name] !== ALLOWED[name] && !isAllowed(name),
  );
  if (name !== undefined || isAllowed("tools") || !Array.isArray(body.tools)) return name;
  const at = body.tools.findIndex((tool) => !isFunctionTool(tool));
  return at < 0 ? undefined : `tools[${at}].type`;
}

/** The text of all messages and of their parts. */
export const textOf = (messages: readonly Loose[]): string =>
  messages.map(({ content }) => contentText(content)).join("");

/** The text of a message; of its parts of text, if it has parts. */
export function contentText(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => (isRecord(part) && typeof part.text === "string" ? part.text : "")).join("");
}
