import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Values of nginx's `proxy_next_upstream`. */
export type Again = ReadonlySet<string>;

export interface ForwardingProxy {
  url: string;
  close(): Promise<void>;
}

/** What a server did with a request. */
interface Outcome {
  status: number;
  body: Buffer;
  /** The server may have got the request. */
  isSent: boolean;
  /** As nginx names it in `proxy_next_upstream`. */
  failure: "error" | "http_503" | undefined;
}

function sendTo(url: string, incoming: IncomingMessage, body: Buffer): Promise<Outcome> {
  const { method, headers } = incoming;
  let isSent = false;
  return new Promise((resolve) => {
    const fail = () => resolve({ status: 502, body: Buffer.from("Bad gateway"), isSent, failure: "error" });
    const outgoing = request(new URL(incoming.url ?? "/", url), { method, headers, agent: false });
    outgoing.on("socket", (socket) => socket.once("connect", () => (isSent = true))).on("error", fail);
    outgoing.on("response", (reply) => {
      const status = reply.statusCode ?? 0;
      const failure = status === 503 ? "http_503" : undefined;
      const pieces: Buffer[] = [];
      reply.on("data", (piece: Buffer) => pieces.push(piece)).on("error", fail);
      reply.on("end", () => resolve({ status, body: Buffer.concat(pieces), isSent, failure }));
    });
    outgoing.end(body);
  });
}

/** A proxy that asks these servers in turn, each time from the first one on, by the rules of nginx. */
export async function openForwardingProxy(
  servers: () => readonly string[],
  againFor: (request: IncomingMessage) => Again,
): Promise<ForwardingProxy> {
  const forward = async (incoming: IncomingMessage, reply: ServerResponse) => {
    const pieces: Buffer[] = [];
    for await (const piece of incoming) pieces.push(piece as Buffer);
    const again = againFor(incoming);
    let last: Outcome | undefined;
    for (const url of servers()) {
      last = await sendTo(url, incoming, Buffer.concat(pieces));
      const { failure, isSent } = last;
      const mayRepeat = !isSent || incoming.method !== "POST" || again.has("non_idempotent");
      if (failure === undefined || !again.has(failure) || !mayRepeat) break;
    }
    reply.writeHead(last?.status ?? 502).end(last?.body);
  };
  const server = createServer((incoming, reply) => void forward(incoming, reply)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
