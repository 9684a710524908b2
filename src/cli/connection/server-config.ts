import type { Dispatcher } from "undici";
import { StartupError, type ModelConfig, type ServerConfig } from "../../server/local.ts";
import { ClientError } from "../../client/failure.ts";
import type { Call } from "../argv/call.ts";
import type { FileModel } from "../argv/model-options.ts";
import type { Values } from "../argv/options.ts";
import { parseUrl } from "../../text/parse-url.ts";
import { holdsSecret } from "../../text/secret-words.ts";

interface ServerContext {
  version: string;
  built?: string;
  /** The default folder of the store; undefined if the user has no home folder. */
  dir: string | undefined;
  logStream: ServerConfig["logStream"];
  dispatcher: Dispatcher | undefined;
  warn: (sentence: string) => void;
  note?: (sentence: string) => void;
  signal?: AbortSignal;
}

/** The warning of a server that nobody connected to an AI. */
export const demoByDefault = ({ name }: Call["program"]): string =>
  `No AI is connected, so the built-in demo answers. To connect one: AI_CHAT_API_KEY=... ${name} serve`;

/** The store's folder. Throws `StartupError` if there is none. */
export function storeDir(values: Values, usual: string | undefined): string {
  const dir = values.data ?? usual;
  if (dir !== undefined) return dir;
  throw new StartupError(
    "There is no home folder to keep the store in.",
    "Name a folder with --data DIR, or set HOME.",
  );
}

/** Rejects a password in argv, which every user of the machine can read. `where` names the argument. */
export function refusePassword(url: string, where: string): void {
  // pg also reads a password from the query.
  const queried = parseUrl(url)?.searchParams.has("password");
  if (!queried && !/^[^/]*\/\/[^/]*:[^/]*@/.test(url)) return;
  const hint =
    where === "--store"
      ? "Put the whole URL into AI_CHAT_STORE, or its password into PGPASSWORD."
      : "Leave it out of the URL and put it into PGPASSWORD.";
  throw new ClientError("usage", `A password in ${where} can be read by everybody on this machine.`, {
    hint,
  });
}

/** Throws `usage` if argv has a secret in the address of the AI. */
export function checkBaseUrl({ values, sources }: Pick<Call, "values" | "sources">): void {
  if (sources.baseUrl !== "flag" || !holdsSecret(values.baseUrl ?? "")) return;
  throw new ClientError(
    "usage",
    "A password or key in --base-url can be read by everybody on this machine.",
    {
      hint: "Put the whole URL into AI_CHAT_BASE_URL, or a key into AI_CHAT_API_KEY.",
    },
  );
}

/** Throws `usage` if `--data` or a ledger key is given beside another store, or if argv has a password. */
export function checkOneStore({
  values,
  sources,
  program,
  command,
}: Pick<Call, "values" | "sources" | "program" | "command">): void {
  if (values.store === undefined) return;
  if (sources.store === "flag") refusePassword(values.store, "--store");
  if (values.ledgerKey !== undefined)
    throw new ClientError("usage", "A ledger key protects a data folder, not a database.", {
      hint: "Leave --ledger-key, AI_CHAT_LEDGER_KEY and ledger_key out.",
    });
  // A store in the configuration file must not win over a folder that was named with more right.
  if (values.data === undefined || !(sources.data === "flag" || sources.store === "file")) return;
  const names = { flag: "--store", environment: "AI_CHAT_STORE", file: "the configuration file" };
  const other = names[sources.store as keyof typeof names];
  const folder = sources.data === "flag" ? "--data" : "AI_CHAT_DATA";
  throw new ClientError("usage", `${folder} and ${other} name two different stores.`, {
    hint: `Leave one of them out; see: ${program.name} ${command} --help`,
  });
}

/** One model of a list. A model with an address of its own does not get the key that is meant for OpenAI. */
function listedModel(model: FileModel, values: Values): ModelConfig {
  return {
    name: model.name,
    upstream: model.upstream ?? model.name,
    baseUrl: model.baseUrl,
    apiKey: model.apiKey ?? (model.baseUrl === undefined ? values.apiKey : undefined),
    price: model.price ?? values.price,
    system: model.system ?? values.system,
    contextChars: model.contextChars ?? values.contextChars,
    messageChars: model.messageChars ?? values.messageChars,
    images: model.images ?? false,
    maxOutputTokens: model.maxOutputTokens,
    temperature: model.temperature,
    reasoningEffort: model.reasoningEffort,
    extraBody: model.extraBody ?? {},
    headers: model.headers ?? {},
    allow: model.allow,
    fallback: model.fallback,
  };
}

/** The model that the options describe without a list. */
const modelOf = (values: Values): ModelConfig => ({
  name: undefined,
  upstream: values.model,
  baseUrl: values.baseUrl,
  apiKey: values.apiKey,
  price: values.price,
  system: values.system,
  contextChars: values.contextChars,
  messageChars: values.messageChars,
  images: false,
  maxOutputTokens: undefined,
  temperature: undefined,
  reasoningEffort: undefined,
  extraBody: {},
  headers: values.headers ?? {},
  fallback: undefined,
});

/** Throws `usage` if only one file of the pair is named. */
function tlsOf({ tlsCert: cert, tlsKey: key }: Values): ServerConfig["tls"] {
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert === undefined && key === undefined) return undefined;
  const [given, missing] = cert === undefined ? ["--tls-key", "--tls-cert"] : ["--tls-cert", "--tls-key"];
  throw new ClientError("usage", `${given} is set without ${missing}.`, {
    hint: "Set both for TLS, or neither.",
  });
}

/** Throws `usage` if a cap is set and no refill, not even one that is off. */
export function checkRefill({ values, sources }: Pick<Call, "values" | "sources">): void {
  if (values.refillCap === undefined || sources.refill !== "default") return;
  throw new ClientError("usage", "--refill-cap is set without --refill.", {
    hint: "Set --refill too, such as 1000/day.",
  });
}

const refillOf = ({ refill, refillCap, startingTokens }: Values): ServerConfig["refill"] =>
  refill && { ...refill, cap: refillCap === undefined ? startingTokens : refillCap };

export function serverConfig(
  values: Values,
  models: readonly FileModel[] | undefined,
  { dir, ...rest }: ServerContext,
): ServerConfig {
  const [first, ...others] = models ?? [];
  const store =
    values.store === undefined
      ? ({ kind: "json", dir: storeDir(values, dir), ledgerKey: values.ledgerKey } as const)
      : ({
          kind: "postgres",
          url: values.store,
          password: values.storePassword,
          connections: values.storeConnections,
        } as const);
  return {
    host: values.host,
    port: values.port,
    tls: tlsOf(values),
    store,
    provider: values.provider,
    models:
      first === undefined
        ? [modelOf(values)]
        : [listedModel(first, values), ...others.map((model) => listedModel(model, values))],
    startingTokens: values.startingTokens,
    refill: refillOf(values),
    registration: values.registration,
    questionTimeout: values.questionTimeout,
    idleTimeout: values.idleTimeout,
    drainTimeout: values.drainTimeout,
    limitRegister: values.limitRegister,
    limitQuestions: values.limitQuestions,
    maxInFlight: values.maxInFlight,
    maxQuestions: values.maxQuestions,
    drainDelay: values.drainDelay,
    keepAlive: values.keepAlive,
    maxBuffered: values.maxBuffered,
    maxBody: values.maxBody,
    tokenDays: values.tokenDays,
    bcryptCost: values.bcryptCost,
    limitLogin: values.limitLogin,
    limitLoginAddress: values.limitLoginAddress,
    limitLoginStrangers: values.limitLoginStrangers,
    trustProxy: values.trustProxy,
    corsOrigin: values.corsOrigin ?? [],
    maxConnections: values.maxConnections,
    secrets: values.jwtSecret?.split(/\s+/).filter((secret) => secret !== ""),
    noPage: values.noPage,
    metrics: values.metrics,
    log: values.log,
    logLevel: values.logLevel,
    logFile: values.logFile,
    ...rest,
  };
}
