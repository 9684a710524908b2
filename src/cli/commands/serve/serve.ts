import { setFlagsFromString } from "node:v8";
import {
  checkConfig,
  isLoopbackHost,
  openLogFile,
  serve as start,
  type LogFile,
  type RunningServer,
  type ServerConfig,
} from "../../../server/local.ts";
import { ClientError } from "../../../client/failure.ts";
import { asOwner } from "../../failures/as-owner.ts";
import type { Call } from "../../argv/call.ts";
import type { CheckedDocument, ServeDocument } from "./document.ts";
import { openOperatorLog, type OperatorLog } from "./operator-log.ts";
import { readAtHangup } from "./read-again.ts";
import { counted } from "../../../text/numbers.ts";
import { proxyOpener } from "../../connection/dispatcher.ts";
import {
  checkBaseUrl,
  checkOneStore,
  checkRefill,
  demoByDefault,
  serverConfig,
} from "../../connection/server-config.ts";

/** The form of the log. With --json, stderr stays empty unless the command fails or a log is requested. */
const logOf = ({ values, sources, output }: Pick<Call, "values" | "sources" | "output">) =>
  output.json && sources.log === "default" && values.logFile === undefined ? "silent" : values.log;

/** What the server says at the start if other machines reach it without TLS. */
const WITHOUT_TLS =
  "Passwords and tokens travel unencrypted, so whoever is on the way can read them. Set --tls-cert and --tls-key, or let only a proxy with TLS reach this port.";

const STOPPING = "Stopping. Open questions may finish; a second signal stops at once.";
const leaving = (delay: number) =>
  `Stopping. Everything is served for ${delay} s; a second signal ends that, a third stops at once.`;
const DRAINING = "Draining. Open questions may finish; another signal stops at once.";

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** `serve --check`: the settings were checked before; says so, and what answers. Exits with 0. */
async function check({ values, models, output }: Call, settings: ServerConfig): Promise<number> {
  await checkConfig(settings);
  const config = values.config ?? null;
  const names = models === undefined ? null : models.map(({ name }) => name);
  if (output.json) await output.document({ config, models: names } satisfies CheckedDocument);
  else {
    const what = names === null ? "" : `: ${counted(names.length, "model")}, ${names[0]} is the default`;
    await output.line(`Nothing is wrong with ${config ?? "the settings"}${what}.`);
  }
  return 0;
}

/** Serves on for the drain delay. The second signal ends it. */
async function leave({ onSecondSignal }: Call, server: RunningServer, { note }: OperatorLog): Promise<void> {
  const { drainDelay } = server;
  if (drainDelay === 0) return note(STOPPING);
  const hurry = new AbortController();
  onSecondSignal(() => hurry.abort());
  note(leaving(drainDelay));
  await server.leave(hurry.signal);
  onSecondSignal(undefined);
  note(DRAINING);
}

/** Throws `usage` if a file is named for a log that is silent. */
function checkLog({ values, sources, output }: Pick<Call, "values" | "sources" | "output">): void {
  if (values.logFile === undefined || logOf({ values, sources, output }) !== "silent") return;
  throw new ClientError("usage", "A log file is set, and the log is silent.", {
    hint: "Leave one of them out: --log-file or --log silent.",
  });
}

/** What a call of the command needs to make configurations. */
interface Making {
  operator: OperatorLog;
  dispatcher: ServerConfig["dispatcher"];
}

/** The configuration of a call. Throws `usage`. */
function configOf(call: Call, { operator, dispatcher }: Making): ServerConfig {
  checkOneStore(call);
  checkBaseUrl(call);
  checkRefill(call);
  checkLog(call);
  const { values, models, places, program, output, signal } = call;
  return serverConfig({ ...values, log: logOf(call) }, models, {
    dir: places.server,
    version: program.version,
    // All of the program is in one folder, with what browsers get.
    built: import.meta.dirname,
    logStream: output.stderr,
    dispatcher,
    warn: operator.warn,
    note: operator.note,
    signal,
  });
}

/** Opens the log file, if one is set. */
async function openFile({ logFile, store }: ServerConfig, { output }: Call): Promise<LogFile | undefined> {
  if (logFile === undefined) return undefined;
  const dir = store.kind === "json" ? store.dir : undefined;
  return openLogFile(logFile, { dir, warn: output.note });
}

async function run(call: Call, config: ServerConfig, making: Making): Promise<void> {
  const { program, output, signal } = call;
  const { operator } = making;
  const file = await openFile(config, call);
  if (file) await operator.addFile(file);
  const server = await start({ ...config, logStream: file ?? output.stderr }).catch((error: unknown) => {
    throw asOwner(error, (dir) => `${program.name} serve --data ${dir}`);
  });
  const begun = performance.now();
  try {
    if (output.json) {
      const { url, metrics = null, store, model, reason } = server;
      await output.document({ url, metrics, store, model, reason } satisfies ServeDocument);
    }
    operator.ready(server);
    const read = () => configOf({ ...call, ...call.readAgain() }, making);
    readAtHangup(call, { server, read, file, logFile: config.logFile, operator });
    if (server.byDefault) operator.warn(demoByDefault(program));
    if (config.tls === undefined && !isLoopbackHost(config.host)) operator.warn(WITHOUT_TLS);
    await stopped(signal);
    await leave(call, server, operator);
  } finally {
    await server.close();
  }
  const seconds = Math.round((performance.now() - begun) / 1000);
  const { answered, aborted } = server;
  await operator.stopped({ seconds, answered, aborted });
}

/** `serve`: runs a server until a signal, then drains it; one more signal exits immediately. Exits with 0. */
export async function serve(call: Call): Promise<number> {
  // Before anything of the server is compiled: see docs/architecture.md#http-server.
  setFlagsFromString("--no-allocation-site-pretenuring");
  const { values, warnings, env } = call;
  const dispatcher = (await proxyOpener(env))?.();
  try {
    const operator = await openOperatorLog(call, values.check ? "pretty" : logOf(call));
    warnings.forEach(operator.warn);
    const making = { operator, dispatcher };
    const config = configOf(call, making);
    if (values.check) return await check(call, config);
    await run(call, config, making);
  } finally {
    await dispatcher?.destroy();
  }
  return 0;
}
