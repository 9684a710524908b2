import type { IncomingHttpHeaders } from "node:http";
import { APIError } from "openai/core/error";
import { isRecord, parsed } from "../../text/loose-json.ts";
import type { BodyReader } from "./read-stream.ts";

/** As much of a failure's body is read, in bytes. */
const MOST_BYTES = 64 * 1024;

/** Reads the reply of an upstream that refused or failed. Every end of it is an APIError with its status. */
export function createFailureReader(status: number, headers: IncomingHttpHeaders): BodyReader {
  const pieces: Buffer[] = [];
  let bytes = 0;
  const fail = (): never => {
    const said = errorIn(Buffer.concat(pieces).toString());
    const pairs = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
    throw APIError.generate(status, said, undefined, new Headers(pairs));
  };
  return {
    push(piece) {
      pieces.push(piece);
      bytes += piece.length;
      return bytes > MOST_BYTES && fail();
    },
    end: fail,
    broke: fail,
  };
}

/** In the package's form, `{ error }`; undefined for a page and for nothing. */
function errorIn(text: string): { error: unknown } | undefined {
  // Gemini sends a list of one.
  const said = [parsed(text)].flat()[0];
  if (isRecord(said)) return { error: said.error ?? said };
  const isText = said === undefined && /^[^<]*\w/.test(text);
  return isText ? { error: text } : undefined;
}
