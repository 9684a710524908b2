import { z } from "zod";
import { text } from "../../io/document-fields.ts";

/** What `accounts disable --json` and `enable` print. `changed`: false if it was so before. */
export const disabledDocument = z.strictObject({
  username: text,
  disabled: z.boolean(),
  changed: z.boolean(),
});
export type DisabledDocument = z.infer<typeof disabledDocument>;

/** What `accounts rename --json` prints. `changed`: false if it had the name before. */
export const renamedDocument = z.strictObject({ username: text, from: text, changed: z.boolean() });
export type RenamedDocument = z.infer<typeof renamedDocument>;

/** What `accounts delete --json` prints. `pseudonym`: under which its sums stay. */
export const deletedDocument = z.strictObject({ username: text, pseudonym: text });
export type DeletedDocument = z.infer<typeof deletedDocument>;
