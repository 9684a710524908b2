import type { Readable } from "node:stream";

/** Longest body that is read, in bytes. */
const BODY_BYTES = 8 * 1024 * 1024;

/** How long the rest of a body may take after its reader has left, in milliseconds. */
const REST_MS = 1000;

/** A reply, or an event of one, is longer than we read. */
export class ReplyTooLong extends Error {
  override readonly name = "ReplyTooLong";
  constructor(what: string, bytes: number) {
    super(`${what} is longer than ${bytes} bytes`);
  }
}

/**
 * The pieces of a reply's body. ReplyTooLong after {@link BODY_BYTES}; the connection is then closed. Leaving the loop
 * early gives the rest `rest` milliseconds to come, so that the connection can take the next request, and then closes
 * it; {@link closeBody} closes it at once.
 */
export async function* readBody(body: Readable, rest = REST_MS): AsyncGenerator<Buffer, void, undefined> {
  ignoreErrors(body);
  let bytes = 0;
  try {
    for await (const piece of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > BODY_BYTES) {
        body.destroy();
        throw new ReplyTooLong("the reply", BODY_BYTES);
      }
      yield piece;
    }
  } finally {
    if (!body.destroyed) discard(body, rest);
  }
}

/** Closes the connection of a body that is not read to its end. */
export function closeBody(body: Readable): void {
  ignoreErrors(body);
  body.destroy();
}

/** Without a listener, the error of a body that is closed early would end the process. */
const ignoreErrors = (body: Readable) => void body.on("error", () => {});

function discard(body: Readable, milliseconds: number): void {
  const timer = setTimeout(() => body.destroy(), milliseconds);
  body.once("close", () => clearTimeout(timer));
  body.resume();
}

/** A body as text. Errors as {@link readBody}. */
export async function textOf(pieces: AsyncIterable<Buffer>): Promise<string> {
  const buffers: Buffer[] = [];
  for await (const piece of pieces) buffers.push(piece);
  return new TextDecoder().decode(Buffer.concat(buffers));
}
