import { logSink, serverLog, type LogFile, type LogSink, type RunningServer } from "../../../server/local.ts";
import { refillWords } from "../../../protocol/refill.ts";
import { duration } from "../../../text/duration.ts";
import { counted } from "../../../text/numbers.ts";
import type { Call } from "../../argv/call.ts";

/** The lines that report a start. For the demo they say how to connect a model. */
function banner(
  { program, values }: Pick<Call, "program" | "values">,
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
    ...(values.logFile === undefined ? [] : [`  log      ${values.logFile}`]),
    `  chat     ${name} -s ${address}`,
    ...(values.noPage ? [] : [`           or in a browser: ${address}`]),
    "  stop     Ctrl-C",
  ];
}

/** What a server did until it stopped. */
interface Tally {
  seconds: number;
  /** Questions. */
  answered: number;
  /** Questions that the drain ended. */
  aborted: number;
}

const were = (number: number) => (number === 1 ? "was" : "were");

function stoppedWords({ seconds, answered, aborted }: Tally): string {
  const cut = aborted === 0 ? "" : `, and ${aborted} ${were(aborted)} aborted, without a charge`;
  return `Stopped after ${duration(seconds)}; ${counted(answered, "question")} ${were(answered)} answered${cut}.`;
}

/**
 * What the operator of a server is told, other than requests: on stderr as text, or as log lines if the log is JSON, so that
 * a program can parse all of stderr; and in the log file.
 */
export interface OperatorLog {
  warn: (sentence: string) => void;
  note: (sentence: string) => void;
  ready: (server: RunningServer) => void;
  /** The last line: after those of all requests. */
  stopped: (tally: Tally) => Promise<void>;
  /** Writes to this file, too, from now on. */
  addFile: (file: LogFile) => Promise<void>;
  /** Of log lines; text on stderr has no level. */
  setLevel: (level: Call["values"]["logLevel"]) => void;
}

/** See {@link OperatorLog}. */
export async function openOperatorLog(call: Call, form: Call["values"]["log"]): Promise<OperatorLog> {
  const { output, values, program } = call;
  const { stderr } = output;
  let level = values.logLevel;
  const isText = form !== "json";
  const logs = isText ? [] : [await serverLog(form, stderr, { level })];
  let sink: Promise<LogSink> | undefined;

  function tell(kind: "warn" | "info", sentence: string): void {
    if (isText) output.note(sentence);
    for (const log of logs) log[kind](sentence);
  }

  return {
    warn: (sentence) => tell("warn", sentence),
    note: (sentence) => tell("info", sentence),
    ready(server) {
      if (isText) banner(call, server).forEach(output.note);
      // Loaded now: at the stop, another version may be installed in the place of this one.
      if (isText && !output.json && !output.quiet) sink = logSink(stderr);
      const { version } = program;
      const { url, metrics, store, model, reason } = server;
      const message = isText ? `ai-chat ${version} listens on ${url}` : "listening";
      for (const log of logs) log.info({ version, url, metrics, store, model, reason }, message);
    },
    async stopped(tally) {
      const words = stoppedWords(tally);
      for (const log of logs) log.info(tally, words);
      // Behind the lines of requests that wait there.
      (await sink)?.write(`${words}\n`);
    },
    async addFile(file) {
      logs.push(await serverLog(form, file, { level }));
    },
    setLevel(next) {
      level = next;
      for (const log of logs) log.level = next;
    },
  };
}
