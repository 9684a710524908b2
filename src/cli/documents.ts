import { z } from "zod";
import { settingNames } from "../client/kept/settings.ts";
import { conversationId, failureCode, server, text, time, told, username, whole } from "./document-fields.ts";
import { health } from "./commands/doctor/document.ts";

// Commands import the types alone: zod takes longer to load than most of them take to run
// (test/cli/documents.test.ts holds what they print to the schemas).

const answered = {
  response: z.string(),
  tokens_deducted: told,
  tokens: told,
  /**
   * The one that holds this turn now; null where none does: without `-c`, `-r` and `--save`, and where it couldn't be
   * written. A turn that stood alone, as the server takes no history (`doctor --json`: `server.extensions`), is in it.
   */
  conversation: conversationId.nullable(),
};

const signedIn = z.strictObject({ server, username: text, tokens: told });

const saved = { id: conversationId, title: text, server, username };
const listed = { ...saved, updated_at: time, turns: whole };

const conversation = z.strictObject({
  ...saved,
  created_at: time,
  updated_at: time,
  turns: z.array(
    z.strictObject({
      question: z.string(),
      answer: z.string(),
      stopped: z.boolean(),
      tokens_deducted: told,
      model: z.string().nullable(),
      at: time,
    }),
  ),
});

const setting = z.strictObject({
  key: z.enum(settingNames),
  value: z.union([z.string(), z.number(), z.boolean()]).nullable(),
  source: z.enum(["environment", "file", "default"]),
});

/**
 * What each command prints on stdout with `--json` (CLI.md §2): the one table. Fields are never left out, unknown ones
 * are null, and there are no others. Of commands that aren't here (`chat`) there is no document.
 */
export const documents = {
  ask: z.strictObject(answered),
  /** A line of `ask --stream`; the last one is `done`, the texts before it are together its `response`. */
  "ask --stream": z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("delta"), text }),
    z.strictObject({ type: z.literal("done"), ...answered }),
  ]),
  register: signedIn,
  login: signedIn,
  /** `revoked`: the server has taken the token back; null where there was none. */
  logout: z.strictObject({ server, username, revoked: z.boolean().nullable() }),
  password: z.strictObject({ server, username }),
  whoami: z.strictObject({
    server,
    username,
    tokens: told,
    token_source: z.enum(["environment", "file"]),
    expires_at: time.nullable(),
  }),
  /** A server that doesn't tell what is left has no such document: exit 1, `not_offered`. */
  balance: z.strictObject({ tokens: whole, held: told, price: told, questions: whole.nullable() }),
  usage: z.strictObject({
    tokens: told,
    days: z.array(z.strictObject({ date: z.iso.date(), questions: z.number(), tokens: z.number() })),
  }),
  servers: z.array(z.strictObject({ server, username, tokens: told, default: z.boolean() })),
  "conversations list": z.array(z.strictObject(listed)),
  /** `snippet` is the text around the newest match, which stands in `where`; `matches` counts questions and answers. */
  "conversations search": z.array(
    z.strictObject({
      ...listed,
      where: z.enum(["title", "question", "answer"]),
      snippet: text,
      matches: whole,
    }),
  ),
  "conversations show": conversation,
  "conversations export": conversation,
  "conversations delete": z.strictObject({ id: conversationId, title: text }),
  "config list": z.array(setting),
  "config get": setting,
  /** What holds afterwards: the environment goes before the file. */
  "config set": setting,
  "config unset": setting,
  "config path": z.strictObject({ path: text }),
  doctor: health,
  completion: z.strictObject({ shell: z.enum(["bash", "zsh", "fish"]), script: text }),
  /** Printed once it listens. */
  serve: z.strictObject({ url: z.url(), store: text, model: text, reason: text }),
  /** What was given by this call, 0 for a repeat, and the balance after it. */
  grant: z.strictObject({ username: text, granted: whole, tokens: whole }),
  /** Also where it is damaged; the exit code is then 1. */
  "store check": z.strictObject({
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
    running: z.boolean(),
    lines: whole,
    accounts: whole,
    tokens: whole,
  }),
  "store copy": z.strictObject({ from: text, to: text, accounts: whole, entries: whole, tokens: whole }),
};

/** The one line on stderr of a command that failed with `--json`; what has a `?` is there where the server told it. */
export const failureSchema = z.strictObject({
  error: z.strictObject({
    code: failureCode,
    message: text,
    status: whole.optional(),
    request_id: text.optional(),
    retry_after: z.number().optional(),
  }),
});

/** The command of a document, with its second word or its `--stream`. */
export type DocumentName = keyof typeof documents;

/** What a command prints. */
export type Document<Name extends DocumentName> = z.infer<(typeof documents)[Name]>;

/** The line of a failure. */
export type FailureDocument = z.infer<typeof failureSchema>;
