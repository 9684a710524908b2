import type { Socket } from "node:net";

const CONTINUE = "HTTP/1.1 100 ";
/** Longest head of a `100 Continue`, in bytes. */
const LONGEST = 16 * 1024;

/**
 * Makes `socket.read` leave out each `100 Continue` (RFC 9110 §15.2.1: a client may ignore it unasked), which undici takes for
 * a bad response. No body can be mistaken for one: a packet that begins so holds line ends that JSON and events do not have.
 */
export function skipContinue(socket: Socket): void {
  const read = socket.read.bind(socket);
  let held: Buffer | undefined;
  socket.read = (size?: number) => {
    const piece = read(size) as Buffer | null;
    if (piece === null) return null;
    const bytes = withoutContinue(held ? Buffer.concat([held, piece]) : piece);
    held = mayBeContinue(bytes) ? bytes : undefined;
    return held || bytes.length === 0 ? null : bytes;
  };
}

function withoutContinue(bytes: Buffer): Buffer {
  let rest = bytes;
  while (rest.toString("latin1", 0, CONTINUE.length) === CONTINUE) {
    const end = rest.indexOf("\r\n\r\n");
    if (end === -1) return rest;
    rest = rest.subarray(end + 4);
  }
  return rest;
}

/** Whether more bytes are needed to tell. */
function mayBeContinue(bytes: Buffer): boolean {
  const start = bytes.toString("latin1", 0, CONTINUE.length);
  return start !== "" && CONTINUE.startsWith(start) && bytes.length <= LONGEST;
}
