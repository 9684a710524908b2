import { collectDefaultMetrics, Registry } from "prom-client";
import type { Place } from "../core/listen-error.ts";
import { aiMetrics } from "./ai.ts";
import { gauges, type Sources } from "./gauges.ts";
import { keep } from "./keep.ts";
import { listen } from "./listen.ts";
import { questionMetrics } from "./questions.ts";
import { requestMetrics } from "./requests.ts";
import { createScrape } from "./scrape.ts";
import { signInMetrics } from "./sign-in.ts";
import { storeMetrics } from "./store.ts";

interface Needs {
  version: string;
  /** Names of the models that can be asked now. Others have the label `other`. */
  models: () => readonly { name: string }[];
}

let ofProcess: Registry | undefined;

/** The metrics of the process and of Node. One registry for all servers of a process: prom-client never stops to watch. */
function processMetrics(): Registry {
  if (ofProcess) return ofProcess;
  ofProcess = new Registry();
  collectDefaultMetrics({ register: ofProcess });
  return ofProcess;
}

/** The metrics of one server (docs/monitoring.md#metrics). No label has a name, an address or a path that a client chose. */
export type Metrics = ReturnType<typeof createMetrics>;

/** The metrics alone, without a port. */
export function createMetrics({ version, models }: Needs) {
  const registry = new Registry();
  const label = (name: string) => (models().some((model) => model.name === name) ? name : "other");
  const sources: Sources = {};
  const questions = questionMetrics([registry], label);
  const ai = aiMetrics([registry], label);
  const signIn = signInMetrics([registry]);
  const onRequest = requestMetrics([registry]);
  gauges([registry], { version, models }, sources);
  const storeMeter = storeMetrics(registry);
  const begin = keep((model) => {
    questions.begin(model);
    ai.begin(model);
    storeMeter.charged(model, 0);
    return true;
  });

  return {
    registry,
    /** Adds what is read at a scrape. */
    watch: (more: Sources) => void Object.assign(sources, more),
    aroundQuestions: questions.around,
    aroundSignIn: signIn.around,
    aroundPasswords: signIn.aroundPasswords,
    onAiCall: ai.onCall,
    onRequest,
    storeMeter,
    /** In the text format of Prometheus. */
    async read(): Promise<string> {
      for (const { name } of models()) begin(name);
      return (await registry.metrics()) + (await processMetrics().metrics());
    },
  };
}

/**
 * Serves metrics on a port of their own. `warn` gets sentences for the operator. Rejects with a StartupError if the operator
 * can correct the fault.
 */
export async function openMetrics(needs: Needs & Place & { warn: (sentence: string) => void }) {
  const metrics = createMetrics(needs);
  const { host, port, warn } = needs;
  const failed = (error: unknown) =>
    warn(`The metrics could not be read: ${error instanceof Error ? error.message : "an unknown error"}`);
  const read = createScrape(() => metrics.read());
  const listening = await listen({ host, port, read, type: metrics.registry.contentType, failed });
  return { ...metrics, url: listening.url, close: () => listening.close() };
}

/** Metrics that are served. */
export type OpenMetrics = Awaited<ReturnType<typeof openMetrics>>;
