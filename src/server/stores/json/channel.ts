import type { Socket } from "node:net";

/** Longest line in either direction, in bytes; far above any request. */
const LINE_BYTES = 16 * 1024;

/** Milliseconds for one request and its response. */
const TIMEOUT = 10_000;

/** Handles a request. Both sides are JSON values; undefined closes the connection without a response. Never rejects. */
export type Answerer = (request: unknown) => Promise<unknown>;

/** `lost`: no response came. It is unknown whether the request arrived. */
export type Asked = { kind: "answer"; answer: unknown } | { kind: "lost" };

/**
 * The server side of the lock's socket. A connection carries one request and one response, each one line of JSON. A
 * process that only checks whether the lock is held sends nothing. Connections keep no process alive.
 */
export interface Channel {
  accept: (socket: Socket) => void;
  /** Starts to answer, also the requests that are waiting. */
  serve: (answer: Answerer) => void;
  /** Waits for the requests that are being answered, and closes all other connections at once. */
  close: () => Promise<void>;
}

/** See {@link Channel}. Requests wait until `serve` is called. */
export function createChannel(): Channel {
  const exchanges = new Set<Promise<void>>();
  /** Connections whose request is not being answered. */
  const idle = new Set<Socket>();
  let closed = false;
  let serve!: (answer: Answerer | undefined) => void;
  const answerer = new Promise<Answerer | undefined>((resolve) => (serve = resolve));

  async function exchange(socket: Socket): Promise<void> {
    idle.add(socket);
    const asked = await readLine(socket);
    const answer = asked && (await answerer);
    idle.delete(socket);
    const said = asked && answer && (await answer(asked.value));
    if (said !== undefined) await sendLast(socket, said);
    socket.destroy();
  }

  function accept(socket: Socket): void {
    socket.unref();
    socket.on("error", () => {});
    if (closed) return void socket.destroy();
    const late = setTimeout(() => socket.destroy(), TIMEOUT).unref();
    const done = exchange(socket).finally(() => {
      clearTimeout(late);
      exchanges.delete(done);
    });
    exchanges.add(done);
  }

  return {
    accept,
    serve,
    async close() {
      closed = true;
      serve(undefined);
      for (const socket of idle) socket.destroy();
      await Promise.allSettled(exchanges);
    },
  };
}

/** The client side: sends one request and returns the response. `socket` may still be connecting. Never rejects. */
export async function request(socket: Socket, asked: object): Promise<Asked> {
  socket.on("error", () => {});
  const late = setTimeout(() => socket.destroy(), TIMEOUT);
  socket.write(`${JSON.stringify(asked)}\n`);
  const answer = await readLine(socket);
  clearTimeout(late);
  socket.destroy();
  return answer ? { kind: "answer", answer: answer.value } : { kind: "lost" };
}

/** The first line, parsed; undefined if none comes, or it is too long or not JSON. */
function readLine(socket: Socket): Promise<{ value: unknown } | undefined> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let length = 0;
    socket.on("close", () => resolve(undefined));
    socket.on("data", (piece: Buffer) => {
      const end = piece.indexOf(10);
      pieces.push(end === -1 ? piece : piece.subarray(0, end));
      length += piece.length;
      if (end !== -1 && length <= LINE_BYTES) resolve(parsed(Buffer.concat(pieces)));
      else if (length > LINE_BYTES) resolve(undefined);
    });
  });
}

function parsed(line: Buffer): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(line.toString("utf8")) as unknown };
  } catch {
    return undefined;
  }
}

/** Resolves when the operating system has the bytes, or the connection is closed. */
function sendLast(socket: Socket, value: unknown): Promise<void> {
  return new Promise((resolve) => {
    socket.once("finish", resolve).once("close", resolve);
    if (socket.destroyed) resolve();
    else socket.end(`${JSON.stringify(value)}\n`);
  });
}
