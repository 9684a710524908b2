import type { Socket } from "node:net";

/** Longest request, in bytes; far above any. */
const REQUEST_BYTES = 16 * 1024;

/** Longest line of a response, in bytes; far above a page of accounts. */
const LINE_BYTES = 1024 * 1024;

/** Milliseconds for one request and its response, or the next line of it. */
const TIMEOUT = 10_000;

/**
 * Handles a request. Both sides are JSON values; undefined closes the connection without a response. An iterable is a
 * response of many lines; it is asked for the next one when the client has room for it. Neither rejects.
 */
export type Answerer = (request: unknown) => Promise<unknown>;

/** `lost`: no response came. It is unknown whether the request arrived. */
export type Asked = { kind: "answer"; answer: unknown } | { kind: "lost" };

/**
 * The server side of the lock's socket. A connection carries one request, a line of JSON, and its response, a line or
 * several. A process that only checks whether the lock is held sends nothing. Connections keep no process alive.
 */
export interface Channel {
  accept: (socket: Socket) => void;
  /** Starts to answer, also the requests that are waiting. */
  serve: (answer: Answerer) => void;
  /** Waits for the requests that are being answered with one line, and closes all other connections at once. */
  close: () => Promise<void>;
}

/** See {@link Channel}. Requests wait until `serve` is called. */
export function createChannel(): Channel {
  const exchanges = new Set<Promise<void>>();
  /** Connections that nobody waits for: without a request, or with a response of many lines. */
  const idle = new Set<Socket>();
  let closed = false;
  let serve!: (answer: Answerer | undefined) => void;
  const answerer = new Promise<Answerer | undefined>((resolve) => (serve = resolve));

  async function exchange(socket: Socket, late: NodeJS.Timeout): Promise<void> {
    idle.add(socket);
    const asked = await readRequest(socket);
    const answer = asked && (await answerer);
    idle.delete(socket);
    const said = asked && answer && (await answer(asked.value));
    if (isIterable(said)) {
      if (closed) return void socket.destroy();
      idle.add(socket);
      await sendLines(socket, said, late);
      idle.delete(socket);
    } else if (said !== undefined) await sendLast(socket, `${JSON.stringify(said)}\n`);
    socket.destroy();
  }

  function accept(socket: Socket): void {
    socket.unref();
    socket.on("error", () => {});
    if (closed) return void socket.destroy();
    const late = setTimeout(() => socket.destroy(), TIMEOUT).unref();
    const done = exchange(socket, late).finally(() => {
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
  for await (const answer of requestLines(socket, asked)) return { kind: "answer", answer };
  return { kind: "lost" };
}

/**
 * Sends one request and gives each line of the response. It ends when the connection does, or with a line that is too long or
 * no JSON, so a whole response needs a last line that says so. Never rejects.
 */
export async function* requestLines(socket: Socket, asked: object): AsyncGenerator {
  socket.setTimeout(TIMEOUT, () => socket.destroy());
  socket.write(`${JSON.stringify(asked)}\n`);
  try {
    let rest: Buffer = Buffer.alloc(0);
    for await (const piece of socket) {
      let bytes = Buffer.concat([rest, piece as Buffer]);
      for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10)) {
        yield JSON.parse(bytes.toString("utf8", 0, end)) as unknown;
        bytes = bytes.subarray(end + 1);
      }
      if (bytes.length > LINE_BYTES) return;
      rest = bytes;
    }
  } catch {
    // Lost, or no JSON.
  } finally {
    socket.destroy();
  }
}

/** The first line, parsed; undefined if none comes, or it is too long or not JSON. */
function readRequest(socket: Socket): Promise<{ value: unknown } | undefined> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let length = 0;
    socket.on("close", () => resolve(undefined));
    socket.on("data", (piece: Buffer) => {
      const end = piece.indexOf(10);
      pieces.push(end === -1 ? piece : piece.subarray(0, end));
      length += piece.length;
      if (end !== -1 && length <= REQUEST_BYTES) resolve(parsed(Buffer.concat(pieces)));
      else if (length > REQUEST_BYTES) resolve(undefined);
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

const isIterable = (said: unknown): said is AsyncIterable<unknown> =>
  typeof said === "object" && said !== null && Symbol.asyncIterator in said;

/** Sends one line after another, with a turn of the event loop between two, until the client is gone or takes none in time. */
async function sendLines(socket: Socket, lines: AsyncIterable<unknown>, late: NodeJS.Timeout): Promise<void> {
  for await (const line of lines) {
    await new Promise<void>((resolve) => {
      socket.write(`${JSON.stringify(line)}\n`, () => resolve());
    });
    if (socket.destroyed) return;
    late.refresh();
    await oneTurn();
  }
  await sendLast(socket, "");
}

/** Resolves when the operating system has the bytes, or the connection is closed. */
function sendLast(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve) => {
    socket.once("finish", resolve).once("close", resolve);
    if (socket.destroyed) resolve();
    else socket.end(text);
  });
}

const oneTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
