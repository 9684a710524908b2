import { randomUUID } from "node:crypto";
import { STATUS_CODES, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { ErrorCode, Problem } from "../../protocol/errors.ts";
import { headers } from "../../protocol/replies.ts";
import { isOpenAiPath } from "./error-reply.ts";
import { PROBLEM_TYPE } from "./problem.ts";
import { headOf, valueIn } from "./reply.ts";
import { safeHeaders } from "./reply-headers.ts";
import { openAiError } from "./v1/openai-error.ts";
import { ignoreRest } from "./unread-body.ts";

interface Refusal {
  status: number;
  code: ErrorCode;
  detail: string;
}

const malformed: Refusal = {
  status: 400,
  code: "invalid_request",
  detail: "This is not a well-formed HTTP/1.1 request.",
};

/** By the error code of Node's HTTP parser. */
const refusals = new Map<string | undefined, Refusal>([
  [
    "HPE_HEADER_OVERFLOW",
    {
      status: 431,
      code: "invalid_request",
      detail: "The headers are too large. Send fewer or shorter ones.",
    },
  ],
  [
    "ERR_HTTP_REQUEST_TIMEOUT",
    {
      status: 408,
      code: "request_timeout",
      detail: "The request did not arrive completely in time. Send it again.",
    },
  ],
]);

/** Of a connection that takes no reply: it was lost, or its TLS is broken. */
const LOST = /^(ECONNRESET|ERR_SSL_\w+|ERR_TLS_\w+)$/;

const titleOf = ({ status }: Refusal) => STATUS_CODES[status] ?? "";

function problemOf(refusal: Refusal, requestId: string): Problem {
  const { status, code, detail } = refusal;
  const title = titleOf(refusal);
  return { type: "about:blank", title, status, detail, code, error: detail, request_id: requestId };
}

const linesOf = (head: readonly string[]) =>
  head.flatMap((name, at) => (at % 2 ? [] : [`${name}: ${head[at + 1]}`]));

/** Writes a reply to a connection without a parsed request. */
function answerBare(socket: Socket, refusal: Refusal, ofAll: readonly string[]): void {
  const requestId = randomUUID();
  const body = JSON.stringify(problemOf(refusal, requestId));
  const head = [
    `HTTP/1.1 ${refusal.status} ${titleOf(refusal)}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `${headers.requestId}: ${requestId}`,
    ...linesOf([...safeHeaders, ...ofAll]),
    "Connection: close",
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  socket.destroySoon();
}

/** Replies to a request whose body is malformed. The app has seen its head, and given it an ID. */
function answerThrough(res: ServerResponse, refusal: Refusal): void {
  const head = headOf(res);
  const { status, code, detail } = refusal;
  const [type, value] = isOpenAiPath(res.req.url ?? "")
    ? ["application/json", openAiError(status, { code, message: detail })]
    : [PROBLEM_TYPE, problemOf(refusal, valueIn(head, headers.requestId) ?? "")];
  const body = JSON.stringify(value);
  head.push("Content-Type", type, "Content-Length", String(Buffer.byteLength(body)));
  res.writeHead(refusal.status, head);
  // Node does not end an answered request when its connection closes: a reader of its body would wait for ever.
  res.req.socket.once("close", () => res.req.destroy());
  res.end(body);
}

/** Connections whose last reply is known. */
const ending = new WeakSet<Socket>();

/** Closes a connection after this reply, and ignores what still comes on it. */
export function closeAfter(last: ServerResponse, socket: Socket): void {
  ending.add(socket);
  ignoreRest(socket);
  if (last.headersSent) last.once("finish", () => socket.destroySoon());
  else last.shouldKeepAlive = false;
}

/**
 * Ends a connection with malformed HTTP, after the replies to what came before. Sends the reason if the client can't mistake
 * it for another reply. `last`: see `Replies`. `ofAll`: more headers of every reply, names and values in turn.
 */
export function refuseBadRequest(
  error: NodeJS.ErrnoException,
  socket: Socket,
  last: ServerResponse | undefined,
  ofAll: readonly string[],
): void {
  const refusal = refusals.get(error.code) ?? malformed;
  // If it is ending, only the client's end is told here.
  if (LOST.test(error.code ?? "") || !socket.writable || ending.has(socket)) socket.destroy();
  else if (!last || (last.req.complete && last.writableFinished)) answerBare(socket, refusal, ofAll);
  else if (last.writableFinished) socket.destroySoon();
  // The client closed the connection during its upload, or after a part of its next request.
  else if (error.code === "HPE_INVALID_EOF_STATE") socket.destroy();
  else {
    const isRefused = !last.req.complete && !last.headersSent;
    closeAfter(last, socket);
    if (isRefused) answerThrough(last, refusal);
  }
}
