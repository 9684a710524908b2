import { Agent, type Dispatcher } from "undici";
import { grouped } from "../../text/numbers.ts";
import { readBaseUrl } from "./base-url.ts";
import { listModels, type Endpoint } from "./models.ts";
import { isOllama, ollamaContext, UNTOLD } from "./ollama.ts";
import type { FindModel } from "./openai.ts";

/** The model of OpenAI, and of a base URL that lists it or lists nothing. */
export const DEFAULT_MODEL = "gpt-4o-mini";

/** The model that questions ask for. */
export interface Found {
  model: string;
  /** How many characters of a conversation it reads, if that is known. */
  contextChars?: number;
  /** For the banner. */
  remarks: string[];
  /** The upstream has not answered yet, and may tell more later. */
  isEarly: boolean;
}

/** The model of an endpoint: the one that `named` names, else one of its list. An Ollama is asked how much it reads. */
export async function findModel(endpoint: Endpoint, named: string | undefined): Promise<Found> {
  const found = named ? { model: named, remarks: [], isEarly: false } : await listedModel(endpoint);
  if (!isOllama(endpoint.baseUrl)) return found;
  return found.isEarly ? { ...found, contextChars: UNTOLD } : withContext(endpoint, found);
}

/** The model of an Ollama; undefined if none answers there with a model. */
export async function findOllama(endpoint: Endpoint, named: string | undefined): Promise<Found | undefined> {
  const { models } = await dispatching(endpoint, listModels);
  const model = named || models?.[0];
  return models && model ? withContext(endpoint, { model, remarks: [], isEarly: false }) : undefined;
}

/**
 * For a model that was found too early: asks the upstream again, until it answers. Warns the operator before and after, if
 * the model is a guess until then.
 */
export function findLater(
  endpoint: Endpoint,
  { named, guess, warn = () => {} }: { named: string | undefined; guess: string; warn?: Warn | undefined },
): FindModel {
  const { address } = readBaseUrl(endpoint.baseUrl);
  const tell: Warn = named ? () => {} : warn;
  tell(
    `The AI at ${address} does not answer yet. Until it lists its models, questions ask for ${guess}; --model NAME names another.`,
  );
  return async () => {
    const { model, contextChars, isEarly } = await findModel(endpoint, named);
    if (isEarly) return undefined;
    tell(`The AI at ${address} answers now: questions ask for ${model}.`);
    return { model, contextChars };
  };
}

type Warn = (sentence: string) => void;

/** Adds how much of a conversation an Ollama reads. */
async function withContext(endpoint: Endpoint, { model, remarks }: Found): Promise<Found> {
  const told = await dispatching(endpoint, (through) => ollamaContext({ ...through, model }));
  const { characters, tokens, answered } = told;
  const reads = tokens === undefined ? [] : [`it reads ${grouped(tokens)} tokens of a conversation`];
  return { model, contextChars: characters, remarks: [...remarks, ...reads], isEarly: !answered };
}

/** The default model if it is listed, else the first one: OpenAI and services like it list dozens in no order. */
async function listedModel(endpoint: Endpoint): Promise<Found> {
  const { models, answered } = await dispatching(endpoint, listModels);
  const [first] = models ?? [];
  if (models?.includes(DEFAULT_MODEL)) return { model: DEFAULT_MODEL, remarks: [], isEarly: false };
  if (first !== undefined)
    return { model: first, remarks: [`${first} is the first model that it lists`], isEarly: false };
  const why = answered ? "it lists no models" : "it does not answer yet";
  const remark = `${why}, so ${DEFAULT_MODEL} is a guess: --model NAME`;
  return { model: DEFAULT_MODEL, remarks: [remark], isEarly: !answered };
}

/** Sends a request through the endpoint's dispatcher, or one of its own. */
async function dispatching<T>(
  endpoint: Endpoint,
  send: (through: Endpoint & { dispatcher: Dispatcher }) => Promise<T>,
): Promise<T> {
  const { dispatcher, timeout } = endpoint;
  if (dispatcher) return send({ ...endpoint, dispatcher });
  const agent = new Agent({ connect: { timeout } });
  try {
    return await send({ ...endpoint, dispatcher: agent });
  } finally {
    await agent.destroy();
  }
}
