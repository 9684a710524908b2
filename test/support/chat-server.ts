import type { ServerResponse } from "node:http";
import { openSmallServer, type Seen, type SmallServer } from "./others-server.ts";

/** The head of a streamed answer. */
export function beginStream(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
}

/** One event of a streamed answer. */
export function sendEvent(response: ServerResponse, event: string, data: unknown): void {
  response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** A complete streamed answer in these pieces. */
export function streamAnswer(response: ServerResponse, pieces: readonly string[]): void {
  beginStream(response);
  for (const text of pieces) sendEvent(response, "delta", { text });
  sendEvent(response, "done", { response: pieces.join(""), tokens_deducted: 100, tokens_remaining: 3900 });
  response.end();
}

/** Replies with a problem document. */
export function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    "content-type": "application/problem+json",
    "x-request-id": "req-1",
    ...headers,
  });
  response.end(JSON.stringify({ status, code, detail: `It is ${code}.`, request_id: "req-1" }));
}

/** A chat server that answers questions with `onChat`, and everything else as for an account with 3,900 tokens. */
export function openChatServer(
  onChat: (response: ServerResponse, seen: Seen) => void | Promise<void>,
): Promise<SmallServer> {
  return openSmallServer((seen, response) => {
    if (seen.url === "/api/chat/") return onChat(response, seen);
    const body =
      seen.url === "/api/token_balance/"
        ? { tokens: 3900 }
        : seen.url === "/api/login/"
          ? { token: "tok" }
          : undefined;
    response.writeHead(body ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(body ?? { detail: "Not found." }));
  });
}
