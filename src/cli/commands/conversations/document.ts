import { z } from "zod";
import {
  conversationId,
  server,
  text,
  time,
  nullableCount,
  username,
  whole,
} from "../../io/document-fields.ts";

const saved = { id: conversationId, title: text, server, username };
const listed = { ...saved, updated_at: time, turns: whole, pinned: z.boolean() };

/** What `conversations list --json` prints. */
export const listDocument = z.array(z.strictObject(listed));
export type ListDocument = z.infer<typeof listDocument>;

/**
 * What `conversations search --json` prints. `where` says which text holds most of the words, the latest of those,
 * `snippet` is a part of it, and `matches` counts the questions and answers that hold a word.
 */
export const searchDocument = z.array(
  z.strictObject({
    ...listed,
    where: z.enum(["title", "question", "answer"]),
    snippet: text,
    matches: whole,
  }),
);
export type SearchDocument = z.infer<typeof searchDocument>;

const conversation = { ...saved, created_at: time, updated_at: time };
const turn = {
  question: z.string(),
  answer: z.string(),
  stopped: z.boolean(),
  tokens_deducted: nullableCount,
  model: z.string().nullable(),
  /** Why the AI ended its answer; null if the server did not say. */
  finish: z.string().nullable(),
  /** Those of the question. `file`: in the folder of the conversations. */
  images: z.array(z.strictObject({ name: text, media_type: text, file: text })),
  at: time,
};

/** What `conversations show --json` and `conversations export` print. */
export const conversationDocument = z.strictObject({ ...conversation, turns: z.array(z.strictObject(turn)) });

/**
 * The same with `--versions`: every version of every turn, in the order in which they ended. Turns with the same `parent`
 * are versions of each other; those that are `shown` are those of the document without `--versions`.
 */
export const versionsDocument = z.strictObject({
  ...conversation,
  turns: z.array(
    z.strictObject({ id: z.string(), parent: z.string().nullable(), shown: z.boolean(), ...turn }),
  ),
});

/** What `conversations export --all --json` prints: the files that it wrote into the folder. */
export const exportAllDocument = z.strictObject({
  folder: text,
  files: z.array(z.strictObject({ id: conversationId, title: text, file: text })),
  /** Names of files that existed, and were left as they are; then the command exits with 1. */
  existing: z.array(text),
});
export type ExportAllDocument = z.infer<typeof exportAllDocument>;

/** What `conversations import --json` prints. `was`: the ID in the file; `id` is another one if that existed. */
export const importDocument = z.array(z.strictObject({ id: conversationId, title: text, was: text }));
export type ImportDocument = z.infer<typeof importDocument>;

/** What `conversations delete --json` prints. */
export const deleteDocument = z.strictObject({ id: conversationId, title: text });
export type DeleteDocument = z.infer<typeof deleteDocument>;
