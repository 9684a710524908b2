import { readChoice } from "./read-choice.ts";
import { createStreamReader, type ReaderNeeds } from "./read-stream.ts";
import { NotWhole, ReplyTooLong } from "./upstream-errors.ts";

/** Reads the body of a reply. Each method throws if the answer cannot become whole. */
export interface BodyReader {
  /** True once the answer is whole; what follows need not be read. */
  push(piece: Buffer): boolean;
  /** The body has ended; returns if the answer is whole. */
  end(): void;
  /** The connection broke; returns if the answer is whole, else throws `error`. */
  broke(error: Error): void;
}

/** Longest JSON document that is read, in bytes. */
const DOCUMENT_BYTES = 8 * 1024 * 1024;

/** How a line of an event stream may begin. */
const FIELDS = ["data:", "event:", "id:", "retry:", "error:", ":"];

/** Bytes before the content that mean nothing: a byte order mark, blanks and line ends. */
const IGNORED = new Set([0xef, 0xbb, 0xbf, 0x20, 0x09, 0x0a, 0x0d]);

/**
 * Reads an answer in whichever form it comes: a JSON document or an event stream. Its bytes decide, because upstreams send
 * either with any Content-Type, and either instead of the other.
 */
export function createBodyReader(needs: ReaderNeeds): BodyReader {
  let reader: BodyReader | undefined;
  let start: Buffer | undefined;
  return {
    push(piece) {
      if (reader) return reader.push(piece);
      start = withoutIgnored(start ? Buffer.concat([start, piece]) : piece);
      reader = readerFor(start, needs);
      return reader?.push(start) ?? false;
    },
    end() {
      if (!reader) throw new NotWhole("the reply has no answer in it");
      reader.end();
    },
    broke(error) {
      if (!reader) throw error;
      reader.broke(error);
    },
  };
}

function withoutIgnored(bytes: Buffer): Buffer {
  let at = 0;
  while (at < bytes.length && IGNORED.has(bytes[at]!)) at += 1;
  return at === 0 ? bytes : bytes.subarray(at);
}

/** Undefined if too few bytes have come. */
function readerFor(start: Buffer, needs: ReaderNeeds): BodyReader | undefined {
  const text = start.toString("latin1", 0, 6);
  if (/^[{[]/.test(text)) return createDocumentReader(needs);
  if (FIELDS.some((field) => text.startsWith(field))) return createStreamReader(needs);
  if (FIELDS.some((field) => field.startsWith(text))) return undefined;
  throw new NotWhole("the reply is neither JSON nor an event stream");
}

/** Reads an answer that is one JSON document. */
function createDocumentReader({ onTexts, onReasoning, onReason }: ReaderNeeds): BodyReader {
  const pieces: Buffer[] = [];
  let bytes = 0;
  return {
    push(piece) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > DOCUMENT_BYTES) throw new ReplyTooLong("the reply", `${DOCUMENT_BYTES} bytes`);
      return false;
    },
    end() {
      const document: unknown = JSON.parse(Buffer.concat(pieces).toString());
      const { text, reasoning, finished, reason } = readChoice(document, "message");
      if (!finished) throw new NotWhole("the reply is no chat completion with a finish_reason");
      onReason(reason);
      if (reasoning !== "") onReasoning(reasoning);
      if (text !== "") onTexts(text);
    },
    broke(error) {
      throw error;
    },
  };
}
