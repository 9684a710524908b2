import { z } from "zod";
import { exitCodes } from "../failures/exit-codes.ts";

// Fields of the documents of `--json` (docs/cli.md#json-documents). Fields are never left out, unknown ones are null,
// and there are no others. Commands import the types of their documents alone: zod takes longer to load than most
// commands take to run. test/cli/documents.test.ts checks what commands print against the schemas.

/** Some text. */
export const text = z.string().min(1);
/** A whole number. */
export const whole = z.int();
/** A number of tokens, or of whatever else is counted; null where the server doesn't say. */
export const told = z.number().nullable();
/** Of an account; null where only a token is known. */
export const username = text.nullable();
/** ISO 8601, UTC, with milliseconds. */
export const time = z.iso.datetime({ precision: 3 });
/** Of a saved conversation (docs/cli.md#conversations). */
export const conversationId = z.string().regex(/^[a-z0-9]{8}$/);
/** As `normalizeServer` writes it, or `local`. */
export const server = text;
/** What a failure is called (docs/cli.md#json-documents). */
export const failureCode = z.enum(Object.keys(exitCodes) as (keyof typeof exitCodes)[]);
