import type { Socket } from "node:net";

/** Longest line either way, in bytes: far above any request. */
const LINE_BYTES = 16 * 1024;

/** ms that one exchange may take, the holder's work included. */
const PATIENCE = 10_000;

/** Does what is asked and gives an answer, both as JSON can say them; undefined hangs up. Never rejects. */
export type Answerer = (request: unknown) => Promise<unknown>;

/** `lost`: no answer came; whether the request arrived is not known. */
export type Asked = { kind: "answer"; answer: unknown } | { kind: "lost" };

/**
 * The answering side of a listening socket: a connection brings one request, a line of JSON, and gets one line back.
 * Who only connects to see whether somebody is there sends nothing. Connections keep no process alive.
 */
export interface Channel {
  accept: (socket: Socket) => void;
  /** Answers from now on, also the requests that came before. */
  serve: (answer: Answerer) => void;
  /** Hangs up on everybody but those whose request is being answered, and waits for these. */
  close: () => Promise<void>;
}

/** Without anybody to answer yet. */
export function createChannel(): Channel {
  const exchanges = new Set<Promise<void>>();
  /** Connections whose request isn't being answered. */
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
    const late = setTimeout(() => socket.destroy(), PATIENCE).unref();
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

/** The asking side: sends one request over a connection that is being made, and gives the answer. Never rejects. */
export async function request(socket: Socket, asked: object): Promise<Asked> {
  socket.on("error", () => {});
  const late = setTimeout(() => socket.destroy(), PATIENCE);
  socket.write(`${JSON.stringify(asked)}\n`);
  const answer = await readLine(socket);
  clearTimeout(late);
  socket.destroy();
  return answer ? { kind: "answer", answer: answer.value } : { kind: "lost" };
}

/** What the first line says; undefined where none comes, or it is too long or no JSON. */
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

/** Resolves once the bytes are the system's, or the other side has gone. */
function sendLast(socket: Socket, value: unknown): Promise<void> {
  return new Promise((resolve) => {
    socket.once("finish", resolve).once("close", resolve);
    if (socket.destroyed) resolve();
    else socket.end(`${JSON.stringify(value)}\n`);
  });
}
