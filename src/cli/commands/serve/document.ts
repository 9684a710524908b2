import { z } from "zod";
import { text } from "../../io/document-fields.ts";

/** What `serve --json` prints when it listens. `metrics`: their URL; null without. */
export const serveDocument = z.strictObject({
  url: z.url(),
  metrics: z.url().nullable(),
  store: text,
  model: text,
  reason: text,
});
export type ServeDocument = z.infer<typeof serveDocument>;

/** What `serve --check --json` prints. `models`: the names in the file; null without a list. */
export const checkedDocument = z.strictObject({
  config: text.nullable(),
  models: z.array(text).nullable(),
});
export type CheckedDocument = z.infer<typeof checkedDocument>;
