import { isRecord } from "../../text/loose-json.ts";
import { anyCase, SECRET_NAME } from "../../text/secret-words.ts";

/** What the program or the connection sets itself. */
const FIXED = `^(${[
  "accept",
  "accept-encoding",
  "authorization",
  "connection",
  "content-length",
  "content-type",
  "expect",
  "host",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
  "user-agent",
]
  .map(anyCase)
  .join("|")})(_env|_file)?$`;
const TOKEN = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";
const VALUE = "^[\\t\\x20-\\x7e]*$";
/** A name that ends so has the name of a variable or a file as its value. */
export const ELSEWHERE = /_(env|file)$/;

/** JSON Schema of `headers` in the configuration file. */
export const headersSchema = {
  type: "object",
  propertyNames: { pattern: TOKEN, not: { anyOf: [{ pattern: FIXED }, { pattern: SECRET_NAME }] } },
  patternProperties: { [ELSEWHERE.source]: { type: "string", minLength: 1 } },
  additionalProperties: { type: "string", pattern: VALUE },
};

/** What is wrong with a header; it completes "NAME must be …" and does not quote the value. */
export function headerFault(name: string, value: unknown): string | undefined {
  if (!new RegExp(TOKEN).test(name)) return "a valid name of a header";
  if (new RegExp(FIXED).test(name)) return "left out, because the program sets this header itself";
  if (typeof value === "string" && new RegExp(VALUE).test(value)) return undefined;
  return "text in visible ASCII characters";
}

/** Headers, whose values may be secrets. Throws an Error whose message completes "NAME must be …". */
export function checkedHeaders(value: unknown): Record<string, string> {
  if (!isRecord(value)) throw new Error("a JSON object of headers");
  for (const [name, text] of Object.entries(value)) {
    const fault = headerFault(name, text);
    if (fault !== undefined)
      throw new Error(`a JSON object in which ${JSON.stringify(name.slice(0, 80))} is ${fault}`);
  }
  return value as Record<string, string>;
}
