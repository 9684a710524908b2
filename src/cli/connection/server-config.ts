import type { Writable } from "node:stream";
import type { Dispatcher } from "undici";
import { StartupError, type ServerConfig } from "../../server/local.ts";
import { ClientError } from "../../client/failure.ts";
import type { Call } from "../argv/call.ts";
import type { Values } from "../argv/options.ts";

interface ServerContext {
  version: string;
  /** The default folder of the store; undefined if the user has no home folder. */
  dir: string | undefined;
  logStream: Writable;
  dispatcher: Dispatcher | undefined;
  warn: (sentence: string) => void;
  signal?: AbortSignal;
}

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
  const queried = URL.canParse(url) && new URL(url).searchParams.has("password");
  if (!queried && !/^[^/]*\/\/[^/]*:[^/]*@/.test(url)) return;
  const hint =
    where === "--store"
      ? "Put the whole URL into AI_CHAT_STORE, or its password into PGPASSWORD."
      : "Leave it out of the URL and put it into PGPASSWORD.";
  throw new ClientError("usage", `A password in ${where} can be read by everybody on this machine.`, {
    hint,
  });
}

/** Throws `usage` if `--data` and another store are both given, or if argv has a password. */
export function checkOneStore({
  values,
  sources,
  program,
  command,
}: Pick<Call, "values" | "sources" | "program" | "command">): void {
  if (values.store === undefined) return;
  if (sources.store === "flag") refusePassword(values.store, "--store");
  if (values.data === undefined || sources.data !== "flag") return;
  const other = sources.store === "flag" ? "--store" : "AI_CHAT_STORE";
  throw new ClientError("usage", `--data and ${other} name two different stores.`, {
    hint: `Leave one of them out; see: ${program.name} ${command} --help`,
  });
}

export function serverConfig(values: Values, { dir, ...rest }: ServerContext): ServerConfig {
  const store =
    values.store === undefined
      ? ({ kind: "json", dir: storeDir(values, dir) } as const)
      : ({ kind: "postgres", url: values.store, connections: values.storeConnections } as const);
  return {
    host: values.host,
    port: values.port,
    store,
    provider: values.provider,
    baseUrl: values.baseUrl,
    model: values.model,
    apiKey: values.apiKey,
    system: values.system,
    price: values.price,
    startingTokens: values.startingTokens,
    questionTimeout: values.questionTimeout,
    drainTimeout: values.drainTimeout,
    contextChars: values.contextChars,
    tokenDays: values.tokenDays,
    bcryptCost: values.bcryptCost,
    secret: values.jwtSecret,
    log: values.log,
    ...rest,
  };
}
