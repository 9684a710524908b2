import { isRecord } from "../../text/loose-json.ts";

/** Parameters that reach the AI as they are: they change what it answers, and hardly what that costs. */
export const PASSED: ReadonlySet<string> = new Set([
  "messages",
  "n",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "functions",
  "function_call",
  "response_format",
  "max_tokens",
  "max_completion_tokens",
  "temperature",
  "top_p",
  "top_k",
  "min_p",
  "frequency_penalty",
  "presence_penalty",
  "repetition_penalty",
  "logit_bias",
  "stop",
  "seed",
  "logprobs",
  "top_logprobs",
  "reasoning_effort",
  "verbosity",
  "metadata",
  "user",
  "safety_identifier",
  "prompt_cache_key",
]);

/** Of other parameters, the value that asks for nothing. */
export const ALLOWED: Readonly<Record<string, unknown>> = { store: false };

/** Whether the client itself runs a tool. Others, such as a search in the web, are run and billed by the AI's host. */
export const isFunctionTool = (tool: unknown): boolean =>
  isRecord(tool) && ["function", "custom", undefined].includes(tool.type as string | undefined);
