import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";
import { faultsOf, type SeenReply } from "./api-document.ts";

/** Bytes of a body that are looked at. */
const MOST = 256 * 1024;

/** What was wrong at each watched server, by its port. */
const watched = new Map<number, Set<string>>();

const headersOf = (head: readonly string[]): Record<string, string> => {
  const headers: Record<string, string> = {};
  for (let at = 0; at < head.length; at += 2) {
    const name = head[at]!.toLowerCase();
    headers[name] = headers[name] === undefined ? head[at + 1]! : `${headers[name]}, ${head[at + 1]}`;
  }
  return headers;
};

/** Compares a reply with the document once it has ended. */
function watch(req: IncomingMessage, res: ServerResponse, faults: Set<string>): void {
  const { writeHead, write, end } = res;
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
      return writeHead.call(res, status, head);
    },
    write(...args: Parameters<typeof write>) {
      keep(args[0]);
      return write.apply(res, args);
    },
    end(...args: Parameters<typeof end>) {
      keep(args[0]);
      return end.apply(res, args);
    },
  });
  res.once("close", () => {
    if (seen === undefined) return;
    const body = bytes > MOST ? undefined : pieces.map(String).join("");
    const path = (req.url ?? "").replace(/\?.*/, "");
    const reply: SeenReply = { method: req.method ?? "", path, ...seen, body };
    for (const fault of faultsOf(reply)) faults.add(`${reply.method} ${path} ${reply.status}: ${fault}`);
  });
}

subscribe("http.server.request.start", (message) => {
  const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
  const faults = watched.get(request.socket.localPort ?? 0);
  if (faults) watch(request, response, faults);
});

/** Compares each reply of the server on this port with the document of the API, from now on. */
export function watchReplies(port: number): void {
  watched.set(port, new Set());
}

/** Ends {@link watchReplies}. Throws what was wrong. */
export function endWatch(port: number): void {
  const faults = [...(watched.get(port) ?? [])];
  watched.delete(port);
  if (faults.length > 0) throw new Error(`docs/openapi.json does not tell of:\n${faults.join("\n")}`);
}
