import { z } from "zod";
import { text, whole } from "../../io/document-fields.ts";

/** What `store check --json` prints. If the store is damaged, the exit code is 1. Of a database, `file` is a table. */
export const checkDocument = z.strictObject({
  ok: z.boolean(),
  findings: z.array(
    z.strictObject({
      file: text,
      line: whole.nullable(),
      byte: whole.nullable(),
      what: text,
      repair: text,
    }),
  ),
  notes: z.array(text),
  running: z.boolean().nullable(),
  lines: whole,
  accounts: whole,
  tokens: whole,
  head: text.nullable(),
});
export type CheckDocument = z.infer<typeof checkDocument>;

/** What `store copy --json` prints. */
export const copyDocument = z.strictObject({
  from: text,
  to: text,
  accounts: whole,
  entries: whole,
  tokens: whole,
});
export type CopyDocument = z.infer<typeof copyDocument>;

const kept = { made: text, lines: whole, head: text, secret: z.boolean() };

/** What `store backup --json` prints. `file` has `bytes` bytes; `secret`: the signing secret is in it. */
export const backupDocument = z.strictObject({ store: text, file: text, bytes: whole, ...kept });
export type BackupDocument = z.infer<typeof backupDocument>;

/** What `store restore --json` prints. `made`: when the backup was made. */
export const restoreDocument = z.strictObject({
  file: text,
  store: text,
  accounts: whole,
  tokens: whole,
  ...kept,
});
export type RestoreDocument = z.infer<typeof restoreDocument>;

const size = z.strictObject({ lines: whole, bytes: whole });

/** What `store compact --json` prints. `older`: the path of the older ledger; `before`, `after`: both ledgers. */
export const compactDocument = z.strictObject({
  store: text,
  older: text,
  before: size,
  after: size,
  accounts: whole,
  tokens: whole,
  head: text,
});
export type CompactDocument = z.infer<typeof compactDocument>;

/** What `store rotate-secret --json` prints. `ended`: everybody has to log in again. */
export const rotatedDocument = z.strictObject({ store: text, ended: z.boolean() });
export type RotatedDocument = z.infer<typeof rotatedDocument>;
