import type { ModelConfig, ServerConfig } from "./config.ts";
import type { Model } from "./core/models.ts";
import { checkLimits, modelLimits } from "./model-limits.ts";
import { chooseProvider, refuseDemo, requestBody } from "./providers/choose.ts";
import { createRelayBody } from "./providers/relay/relay-body.ts";

/** A model with its provider, and how that was chosen. */
export interface OpenModel extends Model {
  /** A phrase for the banner. */
  reason: string;
  /** The demo answers, because no AI is connected and `--provider` does not name it. */
  byDefault: boolean;
  /** An Ollama that has not told yet how much it reads: it may be more. */
  isEarly: boolean;
}

/** The models of a configuration, in its order. */
export interface OpenModels {
  list: readonly [OpenModel, ...OpenModel[]];
  /** Closes the connections of all. */
  close(): Promise<void>;
}

async function openModel(model: ModelConfig, config: ServerConfig): Promise<OpenModel> {
  const { provider: wish, dispatcher, idleTimeout, warn } = config;
  const { name, upstream, price, system, images, fallback, ...rest } = model;
  const settings = {
    ...rest,
    provider: wish,
    model: upstream,
    body: requestBody(model),
    relayBody: createRelayBody(model),
    dispatcher,
    idleTimeout,
    warn,
  };
  const { provider, reason, byDefault = false, isEarly = false } = await chooseProvider(settings);
  const limits = () => modelLimits(model, provider.contextChars);
  return {
    get name() {
      return name ?? provider.model;
    },
    listed: name !== undefined,
    price,
    system,
    get contextChars() {
      return limits().contextChars;
    },
    get messageChars() {
      return limits().messageChars;
    },
    images,
    // Only what the operator set. Of a model that gets no history, as much as of a message.
    textChars: model.contextChars === 0 ? limits().messageChars : model.contextChars,
    allow: model.allow,
    fallback,
    provider,
    reason,
    byDefault,
    isEarly,
  };
}

/** Opens the provider of each model. If one fails, closes the others, and rejects with its StartupError. */
export async function openModels(config: ServerConfig): Promise<OpenModels> {
  const all: OpenModel[] = [];
  const close = async () => {
    await Promise.all(all.map(({ provider }) => provider.close()));
  };
  try {
    for (const model of config.models) {
      const opened = await openModel(model, config);
      all.push(opened);
      checkLimits(model, opened.isEarly ? undefined : opened.contextChars);
      if (opened.byDefault) refuseDemo(config.host);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const [first, ...others] = all;
  return { list: [first!, ...others], close };
}
