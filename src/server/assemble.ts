import { setTimeout as sleep } from "node:timers/promises";
import type { AboutReply } from "../protocol/replies.ts";
import { extensions, type Extension } from "../protocol/routes.ts";
import { openPasswords } from "./auth/passwords.ts";
import type { ServerConfig } from "./config.ts";
import { logAiChange } from "./ai-log.ts";
import type { OnAiCall } from "./core/ai-calls.ts";
import type { AiStates } from "./core/ai-states.ts";
import { createAnswers } from "./core/answers.ts";
import { NEW_API_KEYS } from "./core/api-keys.ts";
import { limitsOf, takeImages } from "./core/models.ts";
import type { Store } from "./core/store.ts";
import { createQuestions } from "./core/questions.ts";
import { createSignIn } from "./core/sign-in.ts";
import { createApp } from "./http/app.ts";
import type { OpenMetrics } from "./metrics/open.ts";
import type { Budget } from "./http/budget.ts";
import type { Pages, StaticFile } from "./http/pages/open.ts";
import { createClientAddresses } from "./http/client-address.ts";
import { createLimit } from "./limits/limit.ts";
import { createLog } from "./log.ts";
import { openLoginLimits } from "./login-limits.ts";
import { openRegisterLimits } from "./register-limits.ts";
import { namesOf, type Current } from "./reload.ts";
import { openSigning } from "./signing.ts";

export type Close = () => Promise<void>;

/**
 * Milliseconds after a drain delay in which new connections are refused and requests on open ones are still served: those
 * that were on their way.
 */
const LATE = 1_000;

/** Milliseconds that a question may take. */
export const timeoutOf = ({ questionTimeout }: ServerConfig) => questionTimeout * 1000;

/** What a reload changes for questions. */
export const settingsOf = ({ config, models }: Current) => ({
  models: models.list,
  timeout: timeoutOf(config),
  maxInFlight: config.maxInFlight,
  maxQuestions: config.maxQuestions,
});

interface Parts {
  metrics: OpenMetrics | undefined;
  store: Store;
  budget: Budget;
  redact: (text: string) => string;
  aiStates: AiStates;
  pages: Pages | undefined;
  openApi: StaticFile | undefined;
}

interface Stopping {
  /** Resolves when the server is no longer found as the one of its folder. */
  hidden: Promise<void>;
  /** Called after a drain delay. */
  stopListening: () => Promise<void>;
}

/** Makes the app and what it needs. `stop` drains questions and passwords. */
export async function assemble(
  current: Current,
  { metrics, store, budget, redact, aiStates, pages, openApi }: Parts,
  opened: Close[],
) {
  const { config } = current;
  const { ledger, accounts, invites } = store;
  const signing = await openSigning({ store, secrets: config.secrets, days: config.tokenDays });
  opened.push(() => signing.close());
  const passwords = openPasswords({ cost: config.bcryptCost });
  opened.push(() => passwords.close());
  const questionLimit = createLimit({
    name: "questions",
    rate: () => current.config.limitQuestions,
    detail: "This account has asked as many questions as it may for now.",
  });
  const newKeys = createLimit({
    shared: store.counter,
    name: "keys",
    rate: () => NEW_API_KEYS,
    detail: "This account has made as many API keys as it may for now.",
  });
  const log = createLog(config.log, config.logStream, { level: config.logLevel, redact });
  metrics?.watch({ isFailing: (model) => aiStates.of(model).state === "failing" });
  const onAiCall: OnAiCall = (call) => {
    metrics?.onAiCall(call);
    const { model, failure, cause } = call;
    const change = aiStates.ended({ model, failure, cause: cause === undefined ? undefined : redact(cause) });
    if (change) logAiChange(log, change);
  };
  const questions = createQuestions({
    ...settingsOf(current),
    ledger,
    answers: createAnswers(Date.now, budget.roomForAnswers()),
    limit: () => current.config.limitQuestions && questionLimit,
    now: Date.now,
    onAiCall,
  });
  metrics?.watch({ passwords: () => passwords.waiting, questions: () => questions.inFlight });
  const addresses = createClientAddresses(config);
  const signIn = createSignIn({
    accounts,
    invites,
    registration: () => current.config.registration,
    passwords: metrics ? metrics.aroundPasswords(passwords) : passwords,
    tokens: signing.tokens,
    startingTokens: () => current.config.startingTokens,
    ledger,
    apiKeys: store.apiKeys,
    now: Date.now,
    countGuess: openLoginLimits(() => current.config, addresses.isLimited, store.counter),
    ...openRegisterLimits(() => current.config, addresses.isLimited, store.counter),
  });
  let phase: "serving" | "leaving" | "stopping" = "serving";
  const app = createApp({
    signIn: metrics ? metrics.aroundSignIn(signIn) : signIn,
    questions: metrics ? metrics.aroundQuestions(questions) : questions,
    onRequest: metrics?.onRequest,
    ledger,
    newKeys,
    addresses,
    budget,
    about: () => aboutOf(current, store),
    questionTimeout: () => timeoutOf(current.config),
    maxBody: () => current.config.maxBody,
    origins: () => current.config.corsOrigin,
    leaving: () => phase !== "serving",
    stopping: () => phase === "stopping",
    store,
    aiStates: () => aiStates.all(namesOf(current)),
    openApi,
    pages,
    log,
  });
  const leave = async (hurry: AbortSignal) => {
    const delay = current.config.drainDelay * 1000;
    if (delay === 0) return;
    phase = "leaving";
    await sleep(delay, undefined, { signal: hurry }).catch(() => {});
  };
  const stop = async ({ hidden, stopListening }: Stopping) => {
    const wasLeaving = phase === "leaving";
    phase = "stopping";
    // A client that is refused looks for the folder's next server. It must not find this one again.
    await hidden;
    if (wasLeaving) {
      await stopListening();
      await sleep(LATE);
    }
    const end = performance.now() + current.config.drainTimeout * 1000;
    const aborted = await questions.drain(end - performance.now());
    await passwords.drain(Math.max(0, end - performance.now()));
    return aborted;
  };
  return { app, log, questions, signing, addresses, leave, stop };
}

function aboutOf({ config, models }: Current, { refill, apiKeys }: Store): AboutReply {
  const [first] = models.list;
  const { name, price, listed } = first;
  /** The others are at every server. */
  const isOffered: Partial<Record<Extension, boolean>> = {
    keys: apiKeys !== undefined,
    models: listed,
    images: takeImages(models.list),
  };
  return {
    name: "ai-chat-system",
    version: config.version,
    price,
    starting_tokens: config.startingTokens,
    registration: config.registration,
    ...(refill && { refill: { tokens: refill.tokens, period: refill.period, cap: refill.cap } }),
    model: name,
    limits: limitsOf(first),
    extensions: extensions.filter((name) => isOffered[name] ?? true),
  };
}
