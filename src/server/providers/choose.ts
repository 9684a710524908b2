import { Agent, type Dispatcher } from "undici";
import type { Provider } from "../core/ports.ts";
import { StartupError } from "../core/startup-error.ts";
import { OPENAI_URL, readBaseUrl } from "./base-url.ts";
import { createDemoProvider } from "./demo.ts";
import { listModels } from "./models.ts";

const DEFAULT_MODEL = "gpt-4o-mini";
const OLLAMA_URL = "http://127.0.0.1:11434";
/** Where nobody listens the refusal comes at once: only a model server that is busy makes a start wait. */
const MODELS_MS = 2000;

interface Wishes {
  /** Undefined: whatever is there. */
  provider?: "demo" | "openai" | undefined;
  baseUrl?: string | undefined;
  model?: string | undefined;
  apiKey?: string | undefined;
  /** The way to the upstream; the caller closes it. Ollama on this machine is never asked through it. */
  dispatcher?: Dispatcher | undefined;
  /** Where Ollama usually answers, without `/v1`. */
  ollamaUrl?: string | undefined;
  /** Milliseconds that a list of models may take: 2,000. */
  patience?: number | undefined;
}

/** `reason`: why it was chosen, a phrase for the banner, without secrets. */
interface Choice {
  provider: Provider;
  reason: string;
}

/**
 * Who answers (DESIGN §4): what `provider` says; else the openai provider where there is a key or a base URL; else
 * Ollama, where it answers on its usual port and has a model; else the demo. Empty strings count as absent.
 * StartupError for settings that cannot be used.
 */
export async function chooseProvider(wishes: Wishes): Promise<Choice> {
  const { provider, model } = wishes;
  const given = Boolean(wishes.apiKey || wishes.baseUrl);
  if (provider === "openai" && !given) throw nothingToAsk();
  if (provider === "demo") return demo("--provider demo", model);
  if (given) return openai(wishes);
  return (
    (await ollama(wishes)) ??
    demo("no API key, no base URL, and no Ollama with a model on this machine", model)
  );
}

function demo(reason: string, model: string | undefined): Choice {
  const unused = model ? `; the model ${model} is not used` : "";
  return { provider: createDemoProvider(), reason: reason + unused };
}

async function openai({ provider, baseUrl, apiKey, model, dispatcher, patience }: Wishes): Promise<Choice> {
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

async function ollama({ model, ollamaUrl, patience }: Wishes): Promise<Choice | undefined> {
  const baseUrl = `${ollamaUrl || OLLAMA_URL}/v1`;
  const models = await listed({ baseUrl, timeout: patience ?? MODELS_MS });
  const chosen = model || models?.[0];
  if (!models || !chosen) return undefined;
  return {
    provider: await open({ baseUrl, model: chosen }),
    reason: `Ollama answers at ${readBaseUrl(baseUrl).address}`,
  };
}

type Place = { baseUrl: string; apiKey?: string | undefined; dispatcher?: Dispatcher | undefined };

/** OpenAI and its like list dozens in no order: the default is taken where it is among them. */
async function listedModel(place: Place & { timeout: number }): Promise<{ model: string; remark?: string }> {
  const models = await listed(place);
  const [first] = models ?? [];
  if (models?.includes(DEFAULT_MODEL)) return { model: DEFAULT_MODEL };
  if (first !== undefined) return { model: first, remark: `${first} is the first model that it lists` };
  return { model: DEFAULT_MODEL, remark: `it lists no models, so ${DEFAULT_MODEL} is a guess: --model NAME` };
}

async function listed(place: Place & { timeout: number }): Promise<string[] | undefined> {
  const agent = place.dispatcher ? undefined : new Agent({ connect: { timeout: place.timeout } });
  try {
    return await listModels({ ...place, dispatcher: (place.dispatcher ?? agent)! });
  } finally {
    await agent?.destroy();
  }
}

/** Loaded only here: the openai package costs the demo's start nothing. */
async function open(options: Place & { model: string }): Promise<Provider> {
  const { openOpenAiProvider } = await import("./openai.ts");
  return openOpenAiProvider(options);
}

const nothingToAsk = () =>
  new StartupError(
    "--provider openai needs an API key or a base URL.",
    "Set AI_CHAT_API_KEY, or give --base-url (Ollama: --base-url http://127.0.0.1:11434/v1).",
  );
