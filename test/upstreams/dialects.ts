import { azure } from "./azure.ts";
import { deepseek } from "./deepseek.ts";
import { gemini } from "./gemini.ts";
import { groq } from "./groq.ts";
import { llamaCpp } from "./llama-cpp.ts";
import { lmStudio, lmStudioRoot } from "./lm-studio.ts";
import { mistral } from "./mistral.ts";
import { ollama, ollamaNative } from "./ollama.ts";
import { oneApi } from "./one-api.ts";
import { openai } from "./openai.ts";
import { openrouter } from "./openrouter.ts";
import { others } from "./others.ts";
import { proxies } from "./proxies.ts";
import type { Dialect } from "./shape.ts";
import { tooLong } from "./too-long.ts";
import { vllm } from "./vllm.ts";

/** Every provider whose bytes are tried. */
export const dialects: Dialect[] = [
  openai,
  azure,
  ollama,
  ollamaNative,
  vllm,
  llamaCpp,
  lmStudio,
  lmStudioRoot,
  mistral,
  gemini,
  deepseek,
  groq,
  openrouter,
  oneApi,
  others,
  proxies,
  tooLong,
];
