import { pino, type Logger } from "pino";

/** What the pretty form reads of a line; every field may be missing. */
interface Line {
  time: string;
  level: string;
  msg?: string;
  method?: string;
  path?: string;
  status?: number;
  ms?: number;
  account?: string;
  charged?: number;
  tokens?: number;
  code?: string;
  cause?: string;
  left?: boolean;
  error?: { name: string; message: string; stack?: string };
  request_id?: string;
}

const LONGEST_PATH = 200;

/** Paths come from strangers: what is not printable ASCII never reaches a terminal. */
const printable = (text: string) => text.replace(/[^\x20-\x7e]/g, "?").slice(0, LONGEST_PATH);

const clock = (time: string) => new Date(time).toTimeString().slice(0, 8);

const grouped = (tokens: number) => tokens.toLocaleString("en-US");

function requestLine(line: Line): string {
  const { method = "", path = "", status, ms, account, charged, tokens, code, cause, left, error } = line;
  const words = [
    clock(line.time),
    String(status),
    method,
    printable(path),
    `${ms} ms`,
    account,
    charged === undefined || tokens === undefined ? undefined : `−${charged} → ${grouped(tokens)}`,
    code,
    cause && `(${cause})`,
    left && "client left",
    line.request_id,
  ];
  const stack = error ? `\n  ${error.stack ?? `${error.name}: ${error.message}`}` : "";
  return words.filter(Boolean).join(" ") + stack;
}

/** A line of the JSON log as a person reads it. */
export function prettyLine(json: string): string {
  const line = JSON.parse(json) as Line;
  return line.method === undefined
    ? `${clock(line.time)} ${line.level} ${line.msg ?? ""}`
    : requestLine(line);
}

/** The log, one line an event: JSON, or for people, or nothing at all. Goes to `stream`, which the caller owns. */
export function createLog(form: "pretty" | "json" | "silent", stream: NodeJS.WritableStream): Logger {
  const write = (line: string) => void stream.write(form === "pretty" ? `${prettyLine(line)}\n` : line);
  return pino(
    {
      level: form === "silent" ? "silent" : "info",
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    { write },
  );
}
