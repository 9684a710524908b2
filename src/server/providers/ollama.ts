import { type Dispatcher, request } from "undici";
import { parsed, record } from "../../text/loose-json.ts";
import { readBaseUrl } from "./base-url.ts";
import { textOf, type Endpoint } from "./models.ts";
import { requestHeaders } from "./request-headers.ts";

/** Characters of conversation for an Ollama that does not tell what its model reads. It cuts the rest without a word. */
export const UNTOLD = 48_000;

/** Tokens that an Ollama reads unless its host or the model says otherwise; hosts with much video memory read more. */
const USUAL_TOKENS = 4096;

/** Characters of English text are about four to a token; the fourth is left for the answer. */
const CHARACTERS_PER_TOKEN = 3;

/** Whether an Ollama is likely to answer at a base URL: by its port. */
export const isOllama = (baseUrl: string): boolean => /:11434(\/|$)/.test(readBaseUrl(baseUrl).address);

interface Told {
  characters: number;
  /** Tokens, if it told them. */
  tokens: number | undefined;
  /** Whether a reply came that will not change by itself. */
  answered: boolean;
}

/**
 * How much of a conversation an Ollama reads (docs/server.md#context), as `POST /api/show` tells it within `timeout`
 * milliseconds: by the model's own `num_ctx`, else by Ollama's default, and never more than the model can.
 */
export async function ollamaContext({
  baseUrl,
  model,
  apiKey,
  headers: more,
  dispatcher,
  timeout,
}: Endpoint & { dispatcher: Dispatcher; model: string }): Promise<Told> {
  const { address, search, authorization } = readBaseUrl(baseUrl);
  const headers = requestHeaders(apiKey, authorization, more);
  let answered = false;
  try {
    const { statusCode, body } = await request(`${address.replace(/\/v1$/, "")}/api/show${search}`, {
      method: "POST",
      dispatcher,
      headers,
      body: JSON.stringify({ model }),
      signal: AbortSignal.timeout(timeout),
    });
    const text = await textOf(body);
    answered = statusCode !== 429 && statusCode < 500;
    const tokens = statusCode === 200 ? tokensOf(record(parsed(text)) ?? {}) : undefined;
    return { characters: tokens === undefined ? UNTOLD : CHARACTERS_PER_TOKEN * tokens, tokens, answered };
  } catch {
    return { characters: UNTOLD, tokens: undefined, answered };
  }
}

/** The tokens that the model reads; undefined if nothing in the reply tells them. */
function tokensOf(reply: Record<string, unknown>): number | undefined {
  const { parameters, model_info, remote_host } = reply;
  const [, set] = /^num_ctx\s+(\d{1,9})\s*$/m.exec(typeof parameters === "string" ? parameters : "") ?? [];
  const lengths = Object.entries(record(model_info) ?? {}).filter(([name]) =>
    name.endsWith(".context_length"),
  );
  const most = Number(lengths[0]?.[1] ?? Infinity);
  // A model of its cloud always reads as much as it can.
  const usual = typeof remote_host === "string" && remote_host !== "" ? Infinity : USUAL_TOKENS;
  const tokens = Math.min(set === undefined ? usual : Number(set), most > 0 ? most : Infinity);
  return (set === undefined && lengths.length === 0) || !Number.isSafeInteger(tokens) ? undefined : tokens;
}
