import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Problem } from "../../protocol/errors.ts";
import { headers } from "../../protocol/replies.ts";
import { PROBLEM_TYPE } from "./problem.ts";

interface Refusal {
  status: number;
  title: string;
  detail: string;
}

const malformed: Refusal = {
  status: 400,
  title: "Bad Request",
  detail: "This is not a well-formed HTTP/1.1 request.",
};

/** Keyed by what Node's HTTP parser reports. */
const refusals = new Map<string | undefined, Refusal>([
  [
    "HPE_HEADER_OVERFLOW",
    {
      status: 431,
      title: "Request Header Fields Too Large",
      detail: "The headers are too large. Send fewer or shorter ones.",
    },
  ],
  [
    "ERR_HTTP_REQUEST_TIMEOUT",
    {
      status: 408,
      title: "Request Timeout",
      detail: "The request did not arrive whole in time. Send it again.",
    },
  ],
]);

function problemOf({ status, title, detail }: Refusal, requestId: string): Problem {
  const code = "invalid_request";
  return { type: "about:blank", title, status, detail, code, error: detail, request_id: requestId };
}

/** Answers what never became a request, letter by letter. */
function answerBare(socket: Socket, refusal: Refusal): void {
  const requestId = randomUUID();
  const body = JSON.stringify(problemOf(refusal, requestId));
  const head = [
    `HTTP/1.1 ${refusal.status} ${refusal.title}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `${headers.requestId}: ${requestId}`,
    "Connection: close",
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  socket.destroySoon();
}

/** Answers a request whose body broke; the app has seen its head, and named it. */
function answerThrough(res: ServerResponse, refusal: Refusal): void {
  const requestId = String(res.getHeader(headers.requestId) ?? randomUUID());
  const body = JSON.stringify(problemOf(refusal, requestId));
  res.statusCode = refusal.status;
  res.setHeader(headers.requestId, requestId);
  res.setHeader("Content-Type", PROBLEM_TYPE);
  res.setHeader("Content-Length", Buffer.byteLength(body));
  res.setHeader("Connection", "close");
  // Node forgets an answered request when its connection ends; who still reads its body would read for ever.
  res.req.socket.once("close", () => res.req.destroy());
  res.end(body);
}

/**
 * Tells the client what broke the connection's HTTP, where that cannot be taken for another request's reply or come
 * into the middle of one, and ends the connection. `last` as `Replies` has it.
 */
export function refuseBadRequest(
  error: NodeJS.ErrnoException,
  socket: Socket,
  last: ServerResponse | undefined,
): void {
  const refusal = refusals.get(error.code) ?? malformed;
  if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
  else if (!last || (last.req.complete && last.writableFinished)) answerBare(socket, refusal);
  // A request that came whole is not the broken one, and its reply is under way.
  else if (last.req.complete) socket.destroy();
  else if (last.writableFinished) socket.destroySoon();
  // Without a socket it waits for the replies before it.
  else if (last.headersSent || !last.socket) socket.destroy();
  // A client that ends in the middle of its upload has left.
  else if (error.code === "HPE_INVALID_EOF_STATE") socket.destroy();
  else answerThrough(last, refusal);
}
