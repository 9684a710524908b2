import { Agent, type Dispatcher } from "undici";
import type { Provider } from "../core/ports.ts";
import { StartupError } from "../core/startup-error.ts";
import { OPENAI_URL, readBaseUrl } from "./base-url.ts";
import { createDemoProvider } from "./demo.ts";
import { listModels } from "./models.ts";

const DEFAULT_MODEL = "gpt-4o-mini";
const OLLAMA_URL = "http://127.0.0.1:11434";
/** Only a busy model server makes a start wait this long: if nobody listens, the refusal comes at once. Milliseconds. */
const MODELS_MS = 2000;

interface Settings {
  /** Undefined: see {@link chooseProvider}. */
  provider?: "demo" | "openai" | undefined;
  baseUrl?: string | undefined;
  model?: string | undefined;
  apiKey?: string | undefined;
  /** For connections to the upstream, such as a proxy; the caller closes it. Not used for Ollama on this machine. */
  dispatcher?: Dispatcher | undefined;
  /** Ollama's usual address, without `/v1`. */
  ollamaUrl?: string | undefined;
  /** Milliseconds that a list of models may take: 2,000. */
  patience?: number | undefined;
}

/** `reason`: a phrase for the banner, without secrets. */
interface Choice {
  provider: Provider;
  reason: string;
}

/**
 * Chooses the AI (docs/hosting.md#which-ai-answers): the provider that `provider` names; else the openai provider if
 * there is a key or a base URL; else Ollama if it answers on its usual port and has a model; else the demo. Empty
 * strings count as absent. StartupError for settings that cannot be used.
 */
export async function chooseProvider(settings: Settings): Promise<Choice> {
  const { provider, model } = settings;
  const given = Boolean(settings.apiKey || settings.baseUrl);
  if (provider === "openai" && !given) throw nothingConfigured();
  if (provider === "demo") return demo("--provider demo", model);
  if (given) return openai(settings);
  return (
    (await ollama(settings)) ??
    demo("no API key, no base URL, and no Ollama with a model on this machine", model)
  );
}

function demo(reason: string, model: string | undefined): Choice {
  const unused = model ? `; the model ${model} is not used` : "";
  return { provider: createDemoProvider(), reason: reason + unused };
}

async function openai({ provider, baseUrl, apiKey, model, dispatcher, patience }: Settings): Promise<Choice> {
  const url = baseUrl || OPENAI_URL;
  const why = [
    ...(provider ? [`--provider ${provider}`] : []),
    ...(baseUrl ? [`the base URL is ${readBaseUrl(baseUrl).address}`] : []),
    ...(apiKey ? ["an API key is set"] : []),
  ];
  const chosen = model
    ? { model }
    : baseUrl
      ? await listedModel({ baseUrl: url, apiKey, dispatcher, timeout: patience ?? MODELS_MS })
      : { model: DEFAULT_MODEL };
  if (chosen.remark) why.push(chosen.remark);
  return {
    provider: await open({ baseUrl: url, apiKey, model: chosen.model, dispatcher }),
    reason: why.join(", "),
  };
}

async function ollama({ model, ollamaUrl, patience }: Settings): Promise<Choice | undefined> {
  const baseUrl = `${ollamaUrl || OLLAMA_URL}/v1`;
  const models = await listed({ baseUrl, timeout: patience ?? MODELS_MS });
  const chosen = model || models?.[0];
  if (!models || !chosen) return undefined;
  return {
    provider: await open({ baseUrl, model: chosen }),
    reason: `Ollama answers at ${readBaseUrl(baseUrl).address}`,
  };
}

type Endpoint = { baseUrl: string; apiKey?: string | undefined; dispatcher?: Dispatcher | undefined };

/** The default model if it is listed, else the first one: OpenAI and services like it list dozens in no order. */
async function listedModel(
  endpoint: Endpoint & { timeout: number },
): Promise<{ model: string; remark?: string }> {
  const models = await listed(endpoint);
  const [first] = models ?? [];
  if (models?.includes(DEFAULT_MODEL)) return { model: DEFAULT_MODEL };
  if (first !== undefined) return { model: first, remark: `${first} is the first model that it lists` };
  return { model: DEFAULT_MODEL, remark: `it lists no models, so ${DEFAULT_MODEL} is a guess: --model NAME` };
}

async function listed(endpoint: Endpoint & { timeout: number }): Promise<string[] | undefined> {
  const agent = endpoint.dispatcher ? undefined : new Agent({ connect: { timeout: endpoint.timeout } });
  try {
    return await listModels({ ...endpoint, dispatcher: (endpoint.dispatcher ?? agent)! });
  } finally {
    await agent?.destroy();
  }
}

/** Loads the openai package, which the demo does not need, only when it is used. */
async function open(options: Endpoint & { model: string }): Promise<Provider> {
  const { openOpenAiProvider } = await import("./openai.ts");
  return openOpenAiProvider(options);
}

const nothingConfigured = () =>
  new StartupError(
    "--provider openai needs an API key or a base URL.",
    "Set AI_CHAT_API_KEY, or give --base-url (Ollama: --base-url http://127.0.0.1:11434/v1).",
  );
