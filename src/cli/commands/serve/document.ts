import { z } from "zod";
import { text } from "../../io/document-fields.ts";

/** What `serve --json` prints when it listens. */
export const serveDocument = z.strictObject({ url: z.url(), store: text, model: text, reason: text });
export type ServeDocument = z.infer<typeof serveDocument>;
