import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";

/** A request, parsed from its bytes without changes. */
export interface RawRequest {
  method: string;
  /** The target of the request line: a path, or a full address in a request to a proxy. */
  url: string;
  /** Header names as they were sent, in order. */
  heads: (readonly [name: string, value: string])[];
  body: string;
  /** A header's value; the case of the name doesn't matter. */
  header(name: string): string | undefined;
}

/** Bytes, after which the connection is closed; or a function that writes to the socket. */
export type RawReply = string | Uint8Array | ((socket: Socket, request: RawRequest) => void);

export interface RawServer {
  /** `http://127.0.0.1:PORT`, with the scheme and host that it was opened with. */
  readonly url: string;
  readonly port: number;
  /** Every complete request so far, oldest first. */
  readonly seen: RawRequest[];
  close(): Promise<void>;
}

/** A reply with Content-Length and `body` unchanged; an object becomes JSON. */
export function http(status: number, body: unknown = "", headers: Record<string, string> = {}): string {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const heads = {
    "content-type": typeof body === "string" ? "text/plain" : "application/json",
    "content-length": String(Buffer.byteLength(text)),
    connection: "close",
    ...headers,
  };
  const lines = Object.entries(heads).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Whatever\r\n${lines.join("")}\r\n${text}`;
}

/** Events of a streamed answer, after a head without a length: the end of the connection ends it. */
export function events(...list: readonly (readonly [event: string, data: unknown])[]): string {
  const lines = list.map(([event, data]) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  return `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n${lines.join("")}`;
}

/** The request, once its bytes are complete. */
function parsed(bytes: Buffer): RawRequest | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const [line = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const [method = "", url = ""] = line.split(" ");
  const heads = lines.map((head) => {
    const colon = head.indexOf(":");
    return [head.slice(0, colon), head.slice(colon + 1).trim()] as const;
  });
  const header = (name: string) => heads.find(([known]) => known.toLowerCase() === name.toLowerCase())?.[1];
  const body = bytes.subarray(end + 4);
  if (body.length < Number(header("content-length") ?? 0)) return undefined;
  return { method, url, heads, header, body: body.toString("utf8") };
}

function answer(socket: Socket, reply: RawReply, request: RawRequest): void {
  if (typeof reply === "function") reply(socket, request);
  else socket.end(reply);
}

/**
 * A server on a free loopback port that answers the one request of each connection with the exact bytes of `replyTo`,
 * which no HTTP library would send.
 */
export async function openRawServer(
  replyTo: (request: RawRequest) => RawReply,
  { host = "127.0.0.1", tls }: { host?: string; tls?: TlsOptions } = {},
): Promise<RawServer> {
  const seen: RawRequest[] = [];
  const sockets = new Set<Socket>();
  const meet = (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    let bytes: Buffer = Buffer.alloc(0);
    const read = (more: Buffer) => {
      bytes = Buffer.concat([bytes, more]);
      const request = parsed(bytes);
      if (!request) return;
      socket.off("data", read);
      seen.push(request);
      answer(socket, replyTo(request), request);
    };
    socket.on("data", read);
  };
  const server: Server = tls ? createTlsServer(tls, meet) : createServer(meet);
  server.on("tlsClientError", () => {});
  server.listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`,
    port,
    seen,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
