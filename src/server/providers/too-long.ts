import type { APIError } from "openai/core/error";
import { wordsOf } from "./said.ts";

/** Codes and types of refusals because of the length: of OpenAI, Groq, Cerebras, llama.cpp and others. */
const NAMES =
  /^(context_length_exceeded|exceed_context_size_error|string_above_max_length|context_window_exceeded)$/;

/** How those say it that have no code of their own for it; test/upstreams has their replies. */
const WORDS = [
  // vLLM, DeepSeek, Mistral, OpenRouter, xAI, Ollama.
  /\bmax(imum)? (context|model|prompt) length\b/i,
  // llama.cpp, OpenAI, MiniMax, Cloudflare.
  /context (size|length|window)\b.*\bexceed|exceed.*\bcontext (size|length|window)\b/i,
  // LM Studio, Together.
  /(greater|longer) than the (model's )?context length|context length of only/i,
  // Anthropic, Bedrock.
  /(prompt|input) is too long/i,
  // Gemini, Copilot.
  /(input|prompt) token count\b.*\bexceeds/i,
  // Moonshot, Cohere.
  /exceeded model token limit|too many tokens:/i,
  // TGI, Qwen at DashScope, Zhipu.
  /`inputs` (must have less than|tokens \+)|range of input length|prompt (超长|exceeds max length)/i,
];

/** Statuses that are about the account, the address or the rate, whatever the words. */
const OTHER = [401, 402, 403, 404, 429];

/** Whether an upstream refuses a conversation because it is longer than the model can read. */
export function isTooLong({ status, code, type, error }: APIError): boolean {
  if (OTHER.includes(status ?? 0)) return false;
  const said = wordsOf(error);
  return NAMES.test(code ?? "") || NAMES.test(type ?? "") || WORDS.some((words) => words.test(said));
}
