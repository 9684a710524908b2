import { setFlagsFromString } from "node:v8";
import {
  checkConfig,
  isLoopbackHost,
  jsonLog,
  serve as start,
  type RunningServer,
  type ServerConfig,
} from "../../../server/local.ts";
import { asOwner } from "../../failures/as-owner.ts";
import type { Call } from "../../argv/call.ts";
import type { CheckedDocument, ServeDocument } from "./document.ts";
import { readAtHangup } from "./read-again.ts";
import { refillWords } from "../../../protocol/refill.ts";
import { counted } from "../../../text/numbers.ts";
import { proxyOpener } from "../../connection/dispatcher.ts";
import {
  checkBaseUrl,
  checkOneStore,
  checkRefill,
  demoByDefault,
  serverConfig,
} from "../../connection/server-config.ts";

/** The lines that report a start. For the demo they say how to connect a model. */
function banner(
  { program }: Pick<Call, "program">,
  { url, address, metrics, store, model, reason, refill }: RunningServer,
): string[] {
  const { name, version } = program;
  const demo =
    model === "demo"
      ? [
          `           To connect a model: AI_CHAT_API_KEY=... ${name} serve --model gpt-4o-mini`,
          `           or a local one:     ${name} serve --base-url http://localhost:11434/v1 --model NAME`,
        ]
      : [];
  return [
    `ai-chat ${version} listens on ${url}`,
    `  store    ${store}`,
    `  answers  ${model} (${reason})`,
    ...demo,
    ...(refill ? [`  refill   ${refillWords(refill)} tokens`] : []),
    ...(metrics === undefined ? [] : [`  metrics  ${metrics}`]),
    `  chat     ${name} -s ${address}`,
    "  stop     Ctrl-C",
  ];
}

/** The form of the log. With --json, stderr stays empty unless the command fails or a log is requested. */
const logOf = ({ values, sources, output }: Pick<Call, "values" | "sources" | "output">) =>
  output.json && sources.log === "default" ? "silent" : values.log;

/** Messages to the operator other than the request log. */
interface OperatorLog {
  warn: (sentence: string) => void;
  note: (sentence: string) => void;
  ready: (server: RunningServer) => void;
}

/** What the server says at the start if other machines reach it without TLS. */
const WITHOUT_TLS =
  "Passwords and tokens travel unencrypted, so whoever is on the way can read them. Set --tls-cert and --tls-key, or let only a proxy with TLS reach this port.";

const STOPPING = "Stopping. Open questions may finish; a second signal stops at once.";
const leaving = (delay: number) =>
  `Stopping. Everything is served for ${delay} s; a second signal ends that, a third stops at once.`;
const DRAINING = "Draining. Open questions may finish; another signal stops at once.";

/** Text lines, or log lines if the log is JSON, so that a program can parse all of stderr. */
async function operatorLog(call: Call, log: Call["values"]["log"]): Promise<OperatorLog> {
  const { note, stderr } = call.output;
  if (log !== "json")
    return {
      warn: note,
      note,
      ready: (server) => banner(call, server).forEach(note),
    };
  const lines = await jsonLog(stderr);
  const { version } = call.program;
  return {
    warn: (sentence) => lines.warn(sentence),
    note: (sentence) => lines.info(sentence),
    ready: ({ url, metrics, store, model, reason }) =>
      lines.info({ version, url, ...(metrics && { metrics }), store, model, reason }, "listening"),
  };
}

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

/** `serve`: runs a server until a signal, then drains it; one more signal exits immediately. Exits with 0. */
export async function serve(call: Call): Promise<number> {
  // Before anything of the server is compiled: see docs/architecture.md#http-server.
  setFlagsFromString("--no-allocation-site-pretenuring");
  const { values, warnings, env, program, places, output, signal } = call;
  const dispatcher = (await proxyOpener(env))?.();
  const operator = await operatorLog(call, logOf(call));
  warnings.forEach(operator.warn);
  const configOf = (now: Pick<Call, "values" | "sources" | "models">) => {
    checkOneStore({ ...call, ...now });
    checkBaseUrl(now);
    checkRefill(now);
    const logged = { ...now.values, log: logOf({ ...call, ...now }) };
    return serverConfig(logged, now.models, {
      dir: places.server,
      version: program.version,
      logStream: output.stderr,
      dispatcher,
      warn: operator.warn,
      note: operator.note,
      signal,
    });
  };
  const config = configOf(call);
  try {
    if (values.check) return await check(call, config);
    const server = await start(config).catch((error: unknown) => {
      throw asOwner(error, (dir) => `${program.name} serve --data ${dir}`);
    });
    try {
      if (output.json) {
        const { url, metrics = null, store, model, reason } = server;
        await output.document({ url, metrics, store, model, reason } satisfies ServeDocument);
      } else operator.ready(server);
      readAtHangup(call, {
        server,
        read: () => configOf(call.readAgain()),
        ...operator,
      });
      if (server.byDefault) operator.warn(demoByDefault(program));
      if (config.tls === undefined && !isLoopbackHost(config.host)) operator.warn(WITHOUT_TLS);
      await stopped(signal);
      await leave(call, server, operator);
    } finally {
      await server.close();
    }
  } finally {
    await dispatcher?.destroy();
  }
  return 0;
}
