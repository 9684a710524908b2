import { readChoice, type Choice } from "./read-choice.ts";
import { createStreamReader, type BodyReader, type ReaderNeeds } from "./read-stream.ts";
import { NotWhole, ReplyTooLong } from "./upstream-errors.ts";

/** Longest JSON document that is read, in bytes. */
const DOCUMENT_BYTES = 8 * 1024 * 1024;

/** How a line of an event stream may begin. */
const FIELDS = ["data:", "event:", "id:", "retry:", "error:", ":"];

/** Bytes before the content that mean nothing: a byte order mark, blanks and line ends. */
const IGNORED = new Set([0xef, 0xbb, 0xbf, 0x20, 0x09, 0x0a, 0x0d]);

/** Reads an answer as text, in whichever form it comes. */
export const createBodyReader = (needs: ReaderNeeds): BodyReader =>
  createEitherReader({
    document: () => createTextReader(needs),
    stream: () => createStreamReader(needs),
  });

/** Makes the reader of each form. */
interface Forms {
  document: () => BodyReader;
  stream: () => BodyReader;
}

/**
 * Reads an answer in whichever form it comes: a JSON document or an event stream. Its bytes decide, because upstreams send
 * either with any Content-Type, and either instead of the other.
 */
export function createEitherReader(forms: Forms): BodyReader {
  let reader: BodyReader | undefined;
  let start: Buffer | undefined;
  return {
    push(piece) {
      if (reader) return reader.push(piece);
      start = withoutIgnored(start ? Buffer.concat([start, piece]) : piece);
      reader = readerFor(start, forms);
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
function readerFor(start: Buffer, { document, stream }: Forms): BodyReader | undefined {
  const text = start.toString("latin1", 0, 6);
  if (/^[{[]/.test(text)) return document();
  if (FIELDS.some((field) => text.startsWith(field))) return stream();
  if (FIELDS.some((field) => field.startsWith(text))) return undefined;
  throw new NotWhole("the reply is neither JSON nor an event stream");
}

/** Reads the text of an answer that is one JSON document. */
const createTextReader = ({ onTexts, onReasoning, onReason }: ReaderNeeds): BodyReader =>
  createDocumentReader((_, { text, reasoning, reason }) => {
    onReason(reason);
    if (reasoning !== "") onReasoning(reasoning);
    if (text !== "") onTexts(text);
  });

/** Reads an answer that is one JSON document, and calls `take` with it once it is whole. */
export function createDocumentReader(
  take: (document: Record<string, unknown>, choice: Choice) => void,
): BodyReader {
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
      const choice = readChoice(document, "message");
      const { finished } = choice;
      if (!finished) throw new NotWhole("the reply is no chat completion with a finish_reason");
      take(document as Record<string, unknown>, choice);
    },
    broke(error) {
      throw error;
    },
  };
}
