import { z } from "zod";
import { failureCode, server, text, time, nullableCount, username, whole } from "../../io/document-fields.ts";

/** What `doctor --json` prints. If `problems` is not empty, the command exits with the code of the first. */
export const doctorDocument = z.strictObject({
  version: text,
  node: text,
  platform: text,
  server: z.strictObject({
    /** null if the settings, which name the server, cannot be read. */
    url: server.nullable(),
    /** null if it was not tested. */
    reachable: z.boolean().nullable(),
    /** Time to the first response. */
    milliseconds: whole.nullable(),
    extensions: z.array(text).nullable(),
    model: text.nullable(),
    price: nullableCount,
    /** Seconds that the server's clock is ahead of this machine's. */
    clock_difference: whole.nullable(),
  }),
  token: z.strictObject({
    source: z.enum(["environment", "file"]).nullable(),
    username,
    /** Whether the server accepts the token; null if there is none or it could not be tested. */
    valid: z.boolean().nullable(),
    expires_at: time.nullable(),
    tokens: nullableCount,
  }),
  /** Addresses without username and password. */
  proxy: z.strictObject({ http: text.nullable(), https: text.nullable(), none: text.nullable() }),
  terminal: z.strictObject({
    stdin: z.boolean(),
    stdout: z.boolean(),
    stderr: z.boolean(),
    term: z.string().nullable(),
    /** Number of colours used; 1 means none. */
    colors: whole,
    columns: whole.nullable(),
    rows: whole.nullable(),
    unicode: z.boolean(),
    shift_enter: z.boolean().nullable(),
    /** The installed tools, in the order in which they are tried. */
    clipboard_tools: z.array(text),
    /** Whether the terminal reports that programs may set its clipboard. */
    osc52: z.boolean().nullable(),
  }),
  files: z.array(
    z.strictObject({
      what: text,
      path: text.nullable(),
      exists: z.boolean(),
      readable: z.boolean().nullable(),
      writable: z.boolean().nullable(),
      /** Octal, as for chmod; null on Windows and for a file that does not exist. */
      mode: text.nullable(),
    }),
  ),
  /** Whether it would write to its ledger synchronously; null without a folder for it. */
  own_server: z.strictObject({ synchronous: z.boolean().nullable() }),
  /** The models of the server that runs on the folder of --data, the default first; null if there is none to ask. */
  ai: z
    .array(
      z.strictObject({
        model: text,
        state: z.enum(["ok", "failing", "unknown"]),
        since: time.nullable(),
        /** While it is failing: the kind of its last failure (docs/monitoring.md#the-state-of-the-ai). */
        why: text.nullable(),
        cause: text.nullable(),
        failures: whole,
      }),
    )
    .nullable(),
  problems: z.array(
    z.strictObject({
      code: failureCode,
      message: text,
      hint: text,
    }),
  ),
});
export type DoctorDocument = z.infer<typeof doctorDocument>;
