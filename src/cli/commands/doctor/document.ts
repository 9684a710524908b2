import { z } from "zod";
import { failureCode, server, text, time, told, username, whole } from "../../io/document-fields.ts";

/** What `doctor` found. `problems` is empty when all is well; else the first one's exit code is that of the command. */
export const doctorDocument = z.strictObject({
  version: text,
  node: text,
  platform: text,
  server: z.strictObject({
    /** null where the settings, which would tell it, can't be read. */
    url: server.nullable(),
    /** null where it wasn't tried. */
    reachable: z.boolean().nullable(),
    /** How long its first answer took. */
    milliseconds: whole.nullable(),
    extensions: z.array(text).nullable(),
    model: text.nullable(),
    price: told,
    /** Seconds that its clock is ahead. */
    clock_difference: whole.nullable(),
  }),
  token: z.strictObject({
    source: z.enum(["environment", "file"]).nullable(),
    username,
    /** Whether the server takes it; null where there is none, or it couldn't be tried. */
    valid: z.boolean().nullable(),
    expires_at: time.nullable(),
    tokens: told,
  }),
  /** Without name and password. */
  proxy: z.strictObject({ http: text.nullable(), https: text.nullable(), none: text.nullable() }),
  terminal: z.strictObject({
    stdin: z.boolean(),
    stdout: z.boolean(),
    stderr: z.boolean(),
    term: z.string().nullable(),
    /** How many are used; 1 is none. */
    colors: whole,
    columns: whole.nullable(),
    rows: whole.nullable(),
    unicode: z.boolean(),
    shift_enter: z.boolean().nullable(),
    /** Tools that take a text, the first is used. */
    clipboard_tools: z.array(text),
    /** Whether the terminal says that it takes one itself. */
    osc52: z.boolean().nullable(),
  }),
  files: z.array(
    z.strictObject({
      what: text,
      path: text.nullable(),
      exists: z.boolean(),
      readable: z.boolean().nullable(),
      writable: z.boolean().nullable(),
      /** As chmod writes it; null on Windows and for what isn't there. */
      mode: text.nullable(),
    }),
  ),
  problems: z.array(
    z.strictObject({
      code: failureCode,
      message: text,
      hint: text,
    }),
  ),
});
export type DoctorDocument = z.infer<typeof doctorDocument>;
