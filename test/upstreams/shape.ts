import type { AiFailure } from "../../src/server/core/ai-calls.ts";
import type { Finish } from "../../src/protocol/replies.ts";

/** One reply of a provider, and what must become of it. */
export interface Shape {
  /** What the provider sends; it completes the sentence "Ollama: …". */
  name: string;
  /** The bytes from the status line on, for a plain question. The connection ends after them. */
  plain?: Uint8Array;
  /** Those for a streamed one. If only one of the two is given, both forms get it. */
  streamed?: Uint8Array;
  /** What the model thinks before its answer, as a stream shows it; default: nothing. */
  reasoning?: string;
  /** The whole answer, which is charged. */
  text?: string;
  /** Why the AI ended, as the reply of our server says; only with `text`. Default: not looked at. */
  finish?: Finish | null;
  /** Or the code of the failure, which costs nothing. */
  error?: "upstream_error" | "upstream_unavailable";
  /** The kind of the failure; with `error`, and only then. */
  ai?: AiFailure;
  /** What the cause in the operator's log must match; only with `error`. */
  log?: RegExp;
  /** What the person who asked is told must match; only with `error`. */
  told?: RegExp;
  /** Seconds; only with `error`. */
  retryAfter?: number;
}

/** A provider's shapes. */
export interface Dialect {
  provider: string;
  /** Its base URL without scheme and host; default `/v1`. */
  path?: string;
  shapes: Shape[];
}

/** A reply with a Content-Length. */
export function document(body: string | Uint8Array, status = "200 OK", ...lines: string[]): Buffer {
  const bytes = Buffer.from(body as string);
  return Buffer.concat([head(status, [`Content-Length: ${bytes.length}`, ...lines]), bytes]);
}

/** A JSON document. */
export const json = (body: string, status = "200 OK", ...lines: string[]): Buffer =>
  document(body, status, "Content-Type: application/json", ...lines);

/** An event stream in the chunks of HTTP/1.1. Each piece is sent as it is: line ends belong to it. */
export const stream = (...pieces: (string | Uint8Array)[]): Buffer =>
  Buffer.concat([cutStream(...pieces), Buffer.from("0\r\n\r\n")]);

/** The same, but the connection breaks after the last piece. */
export function cutStream(...pieces: (string | Uint8Array)[]): Buffer {
  const chunks = pieces.flatMap((piece) => {
    const bytes = Buffer.from(piece as string);
    return [Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")];
  });
  const lines = ["Content-Type: text/event-stream; charset=utf-8", "Transfer-Encoding: chunked"];
  return Buffer.concat([head("200 OK", lines), ...chunks]);
}

/** An event with this data. */
export const data = (text: string): string => `data: ${text}\n\n`;

export const DONE = data("[DONE]");

/** A chunk of OpenAI's form; `delta` and `reason` are JSON. */
export const chunk = (delta: string, reason = "null"): string =>
  data(
    `{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":${delta},"finish_reason":${reason}}]}`,
  );

/** A document of OpenAI's form; `message` and `reason` are JSON. */
export const completion = (message: string, reason = '"stop"'): string =>
  `{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":${message},"finish_reason":${reason}}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}`;

function head(status: string, lines: string[]): Buffer {
  return Buffer.from([`HTTP/1.1 ${status}`, ...lines, "", ""].join("\r\n"), "latin1");
}
