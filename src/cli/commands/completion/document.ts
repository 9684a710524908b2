import { z } from "zod";
import { text } from "../../io/document-fields.ts";

/** What `completion --json` prints. */
export const completionDocument = z.strictObject({ shell: z.enum(["bash", "zsh", "fish"]), script: text });
