import { randomUUID } from "node:crypto";
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

/** Answers what never became a request, where the socket still takes it, and ends the connection. */
export function refuseBadRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  // A reply that is on its way must not get another one into its middle; Node looks at the same property.
  const replying = Reflect.get(socket, "_httpMessage") != null;
  if (error.code === "ECONNRESET" || !socket.writable || replying) {
    socket.destroy();
    return;
  }
  const refusal = refusals.get(error.code) ?? malformed;
  const requestId = randomUUID();
  const body = JSON.stringify(problemOf(refusal, requestId));
  const head = [
    `HTTP/1.1 ${refusal.status} ${refusal.title}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `${headers.requestId}: ${requestId}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
