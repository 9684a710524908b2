import { z } from "zod";
import { text, time, whole } from "../../io/document-fields.ts";

/** An account. `refill_due`: tokens of a refill that is due and that nobody has used yet. */
const accountDocument = z.strictObject({
  username: text,
  tokens: whole,
  held: whole,
  used: whole,
  created_at: time,
  last_question_at: time.nullable(),
  disabled: z.boolean(),
  refill_due: whole,
});
export type AccountDocument = z.infer<typeof accountDocument>;

/** What `accounts show --json` prints. `api_keys`: how many it has that were not ended. */
export const shownDocument = accountDocument.extend({ api_keys: whole.nullable() });
export type ShownDocument = z.infer<typeof shownDocument>;

/** What `accounts list --json` prints. */
export const accountsDocument = z.array(accountDocument);

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

/** What `accounts password --json` prints. */
export const resetDocument = z.strictObject({ username: text });
export type ResetDocument = z.infer<typeof resetDocument>;
