import { pino, type Logger } from "pino";
import { grouped } from "../text/numbers.ts";
import { sinkOf, type LogSink, type LogStream } from "./log-sink.ts";

/** The least that a log has. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** The fields of a log line that the pretty form shows. */
interface Line {
  time: string;
  level: string;
  msg?: string;
  method?: string;
  path?: string;
  status?: number;
  ms?: number;
  address?: string;
  account?: string;
  charged?: number;
  tokens?: number;
  code?: string;
  cause?: string;
  left?: boolean;
  fallback?: string;
  fallback_code?: string;
  fallback_cause?: string;
  error?: { name: string; message: string; stack?: string };
  request_id?: string;
}

const LONGEST_PATH = 200;

/** Paths come from clients: only printable ASCII may reach the terminal. */
const printable = (text: string) => text.replace(/[^\x20-\x7e]/g, "?").slice(0, LONGEST_PATH);

const clock = (time: string) => new Date(time).toTimeString().slice(0, 8);

/** Which model was asked instead of one that failed, and why. */
const fallbackWords = ({ fallback, fallback_code: code, fallback_cause: cause }: Line) =>
  fallback && `${code}${cause ? ` (${cause})` : ""}, so ${printable(fallback)} was asked`;

function requestLine(line: Line): string {
  const {
    method = "",
    path = "",
    status,
    ms,
    address,
    account,
    charged,
    tokens,
    code,
    cause,
    left,
    error,
  } = line;
  const words = [
    clock(line.time),
    String(status),
    method,
    printable(path),
    `${ms} ms`,
    address,
    account,
    charged === undefined || tokens === undefined ? undefined : `−${charged} → ${grouped(tokens)}`,
    fallbackWords(line),
    code,
    cause && `(${cause})`,
    left && "client left",
    line.request_id,
  ];
  const stack = error ? `\n  ${error.stack ?? `${error.name}: ${error.message}`}` : "";
  return words.filter(Boolean).join(" ") + stack;
}

/** The readable form of a line of the JSON log. */
export function prettyLine(json: string): string {
  const line = JSON.parse(json) as Line;
  return line.method === undefined
    ? `${clock(line.time)} ${line.level} ${line.msg ?? ""}`
    : requestLine(line);
}

/** Most bytes that wait for the reader of the log. */
const MOST_WAITING = 1024 * 1024;

/**
 * Writes lines to `sink`. If more than {@link MOST_WAITING} would wait there, drops lines until everything was read, and
 * then calls `report` with their number.
 */
function boundedWriter(sink: LogSink, report: (dropped: number) => void): (line: string) => void {
  let dropped = 0;
  return (line) => {
    const waiting = sink.writableLength;
    if (dropped === 0 && (waiting === 0 || waiting + Buffer.byteLength(line) <= MOST_WAITING)) {
      sink.write(line);
      return;
    }
    dropped += 1;
    if (dropped > 1) return;
    sink.once("drain", () => {
      const count = dropped;
      dropped = 0;
      report(count);
    });
  };
}

/**
 * The log, one line per event, on a stream that the caller owns; see {@link sinkOf}. `redact` gets what others have worded:
 * causes and errors.
 */
export function createLog(
  form: "pretty" | "json" | "silent",
  stream: LogStream,
  { level = "info", redact = (text) => text }: { level?: LogLevel; redact?: (text: string) => string } = {},
): Logger {
  if (form === "silent") return pino({ level: "silent" }, { write: () => {} });
  const write = boundedWriter(sinkOf(stream), (dropped) => {
    const lines = dropped === 1 ? "1 line was" : `${grouped(dropped)} lines were`;
    log.warn({ dropped }, `${lines} dropped here, because the log could not be written.`);
  });
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: {
        cause: redact,
        fallback_cause: redact,
        error: ({ name, message, stack }: NonNullable<Line["error"]>) => ({
          name,
          message: redact(message),
          stack: stack && redact(stack),
        }),
      },
      formatters: { level: (level) => ({ level }) },
    },
    { write: (line) => write(form === "pretty" ? `${prettyLine(line)}\n` : line) },
  );
  return log;
}
