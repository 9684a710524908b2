import type { Socket } from "node:net";
import type { AiFailure } from "../../src/server/core/ai-calls.ts";
import type { Pieces } from "../../src/server/core/pieces.ts";
import type { ApiError } from "../../src/server/core/api-error.ts";
import type { Message } from "../../src/server/core/provider.ts";
import { openOpenAiProvider } from "../../src/server/providers/openai.ts";
import { openRawServer, type RawReply, type RawRequest } from "./raw-server.ts";

/** What became of a question: its answer, or its error. `deltas` is undefined if it was asked plain. */
export interface Outcome {
  answer?: string;
  deltas?: string[];
  /** Empty if it was asked plain. */
  reasoning: string;
  error?: {
    status: number;
    code: string;
    ai: AiFailure | undefined;
    detail: string;
    retryAfter: number | undefined;
    cause: string;
  };
  /** What the upstream was asked, oldest first. */
  requests: RawRequest[];
}

interface Asking {
  messages?: Message[];
  stream?: boolean;
  apiKey?: string;
  headers?: Record<string, string>;
  /** Of the base URL, with a query if there is one. */
  path?: string;
}

/** Two forms in which the same question is asked. */
export const forms = [
  ["plain", false],
  ["streamed", true],
] as const;

/** A reply's exact bytes: an HTTP head with these lines, and the body. The end of the connection ends the body. */
export const replyOf = (lines: string[], body: string | Uint8Array, status = "200 OK"): Buffer =>
  Buffer.concat([
    Buffer.from([`HTTP/1.1 ${status}`, ...lines, "Connection: close", "", ""].join("\r\n"), "latin1"),
    Buffer.from(body as string),
  ]);

/** Sends `reply` in pieces of `size` bytes, each in its own packet. */
export const inPieces =
  (reply: Uint8Array, size: number): RawReply =>
  (socket: Socket) => {
    socket.setNoDelay(true);
    const sendFrom = (at: number) => {
      if (at >= reply.length) socket.end();
      else socket.write(reply.subarray(at, at + size), () => setImmediate(sendFrom, at + size));
    };
    sendFrom(0);
  };

/** Asks one question of an upstream that answers each request with `replyTo`. */
export async function askUpstream(
  replyTo: (request: RawRequest) => RawReply,
  {
    messages = [{ role: "user", content: "Say hello." }],
    stream = false,
    apiKey,
    headers,
    path = "/v1",
  }: Asking = {},
): Promise<Outcome> {
  const server = await openRawServer(replyTo);
  const provider = openOpenAiProvider({ baseUrl: server.url + path, apiKey, headers, model: "m" });
  const deltas: string[] = [];
  let reasoning = "";
  const onDelta = (pieces: Pieces) => void deltas.push(...[pieces].flat());
  const onReasoning = (text: string) => void (reasoning += text);
  const { signal } = new AbortController();
  try {
    const answer = await provider.answer({ messages, signal, ...(stream && { onDelta, onReasoning }) });
    return { answer, ...(stream && { deltas }), reasoning, requests: server.seen };
  } catch (error) {
    const { status, code, ai, message, retryAfter, cause } = error as ApiError;
    return {
      error: { status, code, ai, detail: message, retryAfter, cause: (cause as Error).message },
      reasoning,
      requests: server.seen,
    };
  } finally {
    await provider.close();
    await server.close();
  }
}
