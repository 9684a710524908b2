import { connect } from "node:net";
import { once } from "node:events";

/** A socket on which a test says HTTP letter by letter. */
export interface RawClient {
  send(text: string | Uint8Array): void;
  /** Resolves to all that came so far, once it holds `text`; rejects when the connection ends before. */
  until(text: string, times?: number): Promise<string>;
  /** All that came, once the other side has closed. */
  ended(): Promise<string>;
  /** Reads no more, until `resume`. */
  pause(): void;
  resume(): void;
  /** Sends no more, but still listens. */
  finish(): void;
  /** Gone at once, without a goodbye. */
  vanish(): void;
}

export async function openRawClient(port: number): Promise<RawClient> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  let came = "";
  const state = { closed: false };
  let changed = () => {};
  socket.on("data", (piece) => {
    came += piece.toString("latin1");
    changed();
  });
  socket.on("error", () => {});
  socket.on("end", () => socket.end());
  socket.on("close", () => {
    state.closed = true;
    changed();
  });
  const wait = () => new Promise<void>((resolve) => (changed = resolve));

  return {
    send: (text) => void socket.write(text),
    async until(text, times = 1) {
      while (came.split(text).length <= times) {
        if (state.closed) throw new Error(`The connection ended; what came: ${came}`);
        await wait();
      }
      return came;
    },
    async ended() {
      while (!state.closed) await wait();
      return came;
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    finish: () => void socket.end(),
    vanish: () => void socket.destroy(),
  };
}

/** A request as it goes over the wire; with a body, JSON unless a header says otherwise. */
export function rawRequest(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: unknown,
): string {
  const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
  const all: Record<string, string> = {
    Host: "127.0.0.1",
    ...(body !== undefined && {
      "Content-Type": "application/json",
      "Content-Length": String(Buffer.byteLength(text)),
    }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${path} HTTP/1.1`, ...lines, "", text].join("\r\n");
}

/** A question by `token`. */
export const rawQuestion = (token: string, headers: Record<string, string> = {}, body: object = {}) =>
  rawRequest(
    "POST",
    "/api/chat/",
    { Authorization: `Bearer ${token}`, ...headers },
    { message: "hello", ...body },
  );
