import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";
import { faultsOf, operationOf, type SeenReply } from "./api-document.ts";

/** Bytes of a body that are looked at. */
const MOST = 256 * 1024;

interface Watch {
  /** What was wrong. */
  faults: Set<string>;
  /** Each reply of an operation, as `get /api 200`. */
  seen: Set<string>;
}

/** By port. */
const watched = new Map<number, Watch>();

const headersOf = (head: readonly string[]): Record<string, string> => {
  const headers: Record<string, string> = {};
  for (let at = 0; at < head.length; at += 2) {
    const name = head[at]!.toLowerCase();
    headers[name] = headers[name] === undefined ? head[at + 1]! : `${headers[name]}, ${head[at + 1]}`;
  }
  return headers;
};

/** Compares a reply with the document once it has ended. */
function watch(req: IncomingMessage, res: ServerResponse, told: Watch): void {
  const [writeHead, write, end] = [res.writeHead.bind(res), res.write.bind(res), res.end.bind(res)];
  const pieces: (string | Uint8Array)[] = [];
  let bytes = 0;
  let seen: Pick<SeenReply, "status" | "headers"> | undefined;
  const keep = (piece: unknown) => {
    if (typeof piece !== "string" && !(piece instanceof Uint8Array)) return;
    bytes += piece.length;
    if (bytes > MOST) pieces.length = 0;
    else pieces.push(piece);
  };
  Object.assign(res, {
    writeHead(status: number, head: string[]) {
      seen = { status, headers: headersOf(head) };
      return writeHead(status, head);
    },
    write(...args: Parameters<typeof write>) {
      keep(args[0]);
      return write(...args);
    },
    end(...args: Parameters<typeof end>) {
      keep(args[0]);
      return end(...args);
    },
  });
  res.once("close", () => {
    if (seen === undefined) return;
    const body = bytes > MOST ? undefined : pieces.map(String).join("");
    const path = (req.url ?? "").replace(/\?.*/, "");
    const reply: SeenReply = { method: req.method ?? "", path, ...seen, body };
    told.seen.add(`${operationOf(reply.method, path)} ${reply.status}`);
    for (const fault of faultsOf(reply)) told.faults.add(`${reply.method} ${path} ${reply.status}: ${fault}`);
  });
}

subscribe("http.server.request.start", (message) => {
  const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
  const told = watched.get(request.socket.localPort ?? 0);
  if (told) watch(request, response, told);
});

/** Compares each reply of the server on this port with the document of the API, from now on. */
export function watchReplies(port: number): void {
  watched.set(port, { faults: new Set(), seen: new Set() });
}

/** What replies were seen at a port that is watched. */
export const seenAt = (port: number): ReadonlySet<string> => watched.get(port)!.seen;

/** Ends {@link watchReplies}. Throws what was wrong. */
export function endWatch(port: number): void {
  const faults = [...(watched.get(port)?.faults ?? [])];
  watched.delete(port);
  if (faults.length > 0) throw new Error(`docs/openapi.json does not tell of:\n${faults.join("\n")}`);
}
