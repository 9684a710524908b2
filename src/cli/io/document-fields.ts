import { z } from "zod";
import { exitCodes } from "../failures/exit-codes.ts";

// Fields of the `--json` documents (docs/cli.md#json-documents). A document always has all of its fields and no others;
// unknown values are null. Commands import only the types of their documents, because loading zod takes longer than
// most commands run. test/cli/documents.test.ts checks the commands' output against the schemas.

export const text = z.string().min(1);
export const whole = z.int();
/** Tokens or another count; null if the server does not report it. */
export const nullableCount = z.number().nullable();
/** null if only a token is known. */
export const username = text.nullable();
/** ISO 8601, UTC, with milliseconds. */
export const time = z.iso.datetime({ precision: 3 });
/** Of a saved conversation (docs/cli.md#conversations). */
export const conversationId = z.string().regex(/^[a-z0-9]{8}$/);
/** A URL in the form of `normalizeServer`, or `local`. */
export const server = text;
/** The code of a failure (docs/cli.md#json-documents). */
export const failureCode = z.enum(Object.keys(exitCodes) as (keyof typeof exitCodes)[]);
