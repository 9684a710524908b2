import type { Dispatcher } from "undici";
import type { ModelConfig } from "../config.ts";
import { isLoopbackHost } from "../core/loopback.ts";
import type { Provider } from "../core/provider.ts";
import { NoProvider } from "../core/startup-error.ts";
import { atOpenAi, OPENAI_URL, readBaseUrl } from "./base-url.ts";
import { createDemoProvider } from "./demo.ts";
import { DEFAULT_MODEL, findLater, findModel, findOllama } from "./find-model.ts";
import type { Endpoint } from "./models.ts";
import { isOllama } from "./ollama.ts";
import type { FindModel } from "./openai.ts";
import type { RelayBody } from "./relay/relay-body.ts";

const OLLAMA_URL = "http://127.0.0.1:11434";
/** Only a busy model server makes a start wait this long: if nobody listens, the refusal comes at once. Milliseconds. */
const MODELS_MS = 2000;

interface Settings {
  /** Undefined: see {@link chooseProvider}. */
  provider?: "demo" | "openai" | undefined;
  baseUrl?: string | undefined;
  model?: string | undefined;
  apiKey?: string | undefined;
  /** More headers of each request, that for a list of models included. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** More fields of each request that asks a question. */
  body?: Readonly<Record<string, unknown>> | undefined;
  /** What becomes of the body of a completion. */
  relayBody?: RelayBody | undefined;
  /** For connections to the upstream, such as a proxy; the caller closes it. Not used for Ollama on this machine. */
  dispatcher?: Dispatcher | undefined;
  /** Ollama's usual address, without `/v1`. */
  ollamaUrl?: string | undefined;
  /** Seconds, as `--idle-timeout`. */
  idleTimeout?: number | undefined;
  /** Gets warnings for the operator. */
  warn?: ((sentence: string) => void) | undefined;
  /** Milliseconds that a list of models may take: 2,000. */
  patience?: number | undefined;
}

/**
 * `reason`: a phrase for the banner, without secrets. `byDefault`: nothing was set and found, so the demo answers. `isEarly`:
 * an Ollama that has not told yet how much it reads.
 */
interface Choice {
  provider: Provider;
  reason: string;
  byDefault?: true;
  isEarly?: boolean;
}

/** What a model adds to the body of its requests. The hosts of other models know only `max_tokens`. */
export function requestBody(
  model: Pick<ModelConfig, "baseUrl" | "maxOutputTokens" | "temperature" | "reasoningEffort" | "extraBody">,
): Record<string, unknown> {
  const { baseUrl, maxOutputTokens, temperature, reasoningEffort, extraBody } = model;
  const limit = atOpenAi(baseUrl) ? "max_completion_tokens" : "max_tokens";
  return {
    ...(maxOutputTokens !== undefined && { [limit]: maxOutputTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(reasoningEffort !== undefined && { reasoning_effort: reasoningEffort }),
    ...extraBody,
  };
}

/** NoProvider if the demo would answer strangers because nothing else was set (docs/server.md#which-ai-answers). */
export function refuseDemo(host: string): void {
  if (isLoopbackHost(host)) return;
  throw new NoProvider(
    `No AI is connected, and ${host} is open to other machines.`,
    "Set AI_CHAT_API_KEY, or give --base-url URL. To let the built-in demo answer: --provider demo",
  );
}

const isConnected = ({ apiKey, baseUrl }: Settings) => Boolean(apiKey || baseUrl);

/** NoProvider for settings that can connect no AI. Connects to nothing. */
export function checkProvider(settings: Settings): void {
  if (settings.provider === "openai" && !isConnected(settings)) throw nothingConfigured();
}

/** Whether the AI may be an Ollama, which tells at the start how much it reads. */
export const mayBeOllama = (settings: Settings): boolean =>
  settings.provider !== "demo" && (!isConnected(settings) || isOllama(settings.baseUrl || OPENAI_URL));

/**
 * Chooses the AI (docs/server.md#which-ai-answers): the provider that `provider` names; else the openai provider if
 * there is a key or a base URL; else Ollama if it answers on its usual port and has a model; else the demo. Empty
 * strings count as absent. StartupError for settings that cannot be used.
 */
export async function chooseProvider(settings: Settings): Promise<Choice> {
  const { provider, model } = settings;
  checkProvider(settings);
  if (provider === "demo") return demo("--provider demo", model);
  if (isConnected(settings)) return openai(settings);
  const found = await ollama(settings);
  if (found) return found;
  const reason = "no API key, no base URL, and no Ollama with a model on this machine";
  return { ...demo(reason, model), byDefault: true };
}

function demo(reason: string, model: string | undefined): Choice {
  const unused = model ? `; the model ${model} is not used` : "";
  return { provider: createDemoProvider(), reason: reason + unused };
}

async function openai(settings: Settings): Promise<Choice> {
  const { provider, baseUrl, apiKey, model, headers, body, relayBody, dispatcher, patience, warn } = settings;
  const url = baseUrl || OPENAI_URL;
  const why = [
    ...(provider ? [`--provider ${provider}`] : []),
    ...(baseUrl ? [`the base URL is ${readBaseUrl(baseUrl).address}`] : []),
    ...(apiKey ? ["an API key is set"] : []),
  ];
  const endpoint = { baseUrl: url, apiKey, headers, dispatcher, timeout: patience ?? MODELS_MS };
  const found = await findModel(endpoint, model || (baseUrl ? undefined : DEFAULT_MODEL));
  const { isEarly, contextChars, remarks } = found;
  return {
    provider: await open({
      ...endpoint,
      body,
      relayBody,
      ...idleOf(settings),
      model: found.model,
      contextChars,
      ...(isEarly && { findModel: findLater(endpoint, { named: model, guess: found.model, warn }) }),
    }),
    reason: [...why, ...remarks].join(", "),
    isEarly: isEarly && isOllama(url),
  };
}

async function ollama(settings: Settings): Promise<Choice | undefined> {
  const { model, headers, body, relayBody, ollamaUrl, patience } = settings;
  const baseUrl = `${ollamaUrl || OLLAMA_URL}/v1`;
  const found = await findOllama({ baseUrl, headers, timeout: patience ?? MODELS_MS }, model);
  if (!found) return undefined;
  const { contextChars, remarks } = found;
  return {
    provider: await open({
      baseUrl,
      model: found.model,
      contextChars,
      headers,
      body,
      relayBody,
      ...idleOf(settings),
    }),
    reason: [`Ollama answers at ${readBaseUrl(baseUrl).address}`, ...remarks].join(", "),
  };
}

const idleOf = ({ idleTimeout }: Settings) => ({
  idleTimeout: idleTimeout === undefined ? undefined : idleTimeout * 1000,
});

/** Loads the openai package, which the demo does not need, only when it is used. */
async function open(
  options: Omit<Endpoint, "timeout"> &
    Pick<Settings, "body" | "relayBody"> & {
      model: string;
      contextChars: number | undefined;
      idleTimeout: number | undefined;
      findModel?: FindModel;
    },
): Promise<Provider> {
  const { openOpenAiProvider } = await import("./openai.ts");
  return openOpenAiProvider(options);
}

const nothingConfigured = () =>
  new NoProvider(
    "--provider openai needs an API key or a base URL.",
    "Set AI_CHAT_API_KEY, or give --base-url (Ollama: --base-url http://127.0.0.1:11434/v1).",
  );
