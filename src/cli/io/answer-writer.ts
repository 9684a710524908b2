import type { AnswerEvent } from "../../client/http/contract.ts";
import type { AskDocument, StreamDocument } from "../commands/ask/document.ts";
import type { SettingValues } from "../../client/kept/settings.ts";
import type { Output } from "./output.ts";
import { isAscii, themeTraits } from "./terminal.ts";
import { letterTraits } from "./terminal-traits.ts";

type Done = Extract<AnswerEvent, { type: "done" }>;

/** Writes an answer to stdout while it arrives. Its methods reject as `Output.write` does. */
export interface AnswerWriter {
  delta(text: string): Promise<void>;
  /** The answer is complete. `conversation` is the ID of the conversation that it was saved in, if any. */
  done(event: Done, conversation: string | null): Promise<void>;
  /** The answer was cut off: ends the text with one newline, or writes nothing if nothing was written. */
  broken(): Promise<void>;
}

/**
 * Writes the text unchanged, with exactly one newline at the end, even if the answer is cut off. Newlines are held back
 * until more text follows.
 */
export function createBytesWriter(write: (text: string) => Promise<void>): AnswerWriter {
  let held = "";
  let begun = false;
  const delta = async (text: string) => {
    const all = held + text;
    let end = all.length;
    while (end > 0 && all[end - 1] === "\n") end -= 1;
    held = all.slice(end);
    if (end === 0) return;
    begun = true;
    await write(all.slice(0, end));
  };
  const end = async () => {
    if (begun) await write("\n");
  };
  return {
    delta,
    done: async ({ response }) => {
      if (!begun && held === "") await delta(response);
      await end();
    },
    broken: end,
  };
}

/** Writes completed Markdown blocks as the session does, without cursor movement or control sequences. */
export async function createBlocksWriter(
  output: Output,
  { env, theme: wanted }: { env: Record<string, string | undefined>; theme: SettingValues["theme"] },
): Promise<AnswerWriter> {
  const { createAnswerPrinter } = await import("../../tui/markdown/answer.ts");
  const { stdout } = output;
  const { color, theme } = themeTraits(wanted, output.color.stdout);
  const { links, lacks } = letterTraits(env);
  // Only the session can ask for the background: it reads the terminal.
  const palette = theme === "auto" ? "ansi" : theme;
  const drawn = { color, palette, ascii: isAscii(env), links: color && links, lacks };
  const look = () => ({ ...drawn, columns: stdout.columns || 80 });
  const printer = createAnswerPrinter(look);
  let begun = false;
  const print = async (text: string) => {
    if (text !== "") await output.write(text);
  };
  const delta = async (text: string) => {
    begun = true;
    await print(printer.feed(text));
  };
  return {
    delta,
    done: async ({ response }) => {
      if (!begun) await delta(response);
      await print(printer.end());
    },
    broken: async () => print(printer.end()),
  };
}

const document = (
  { response, tokensDeducted, tokens, model, finish, turnsSent }: Done,
  conversation: string | null,
): AskDocument => ({
  response,
  tokens_deducted: tokensDeducted,
  tokens,
  model: model ?? null,
  finish: finish ?? null,
  turns_sent: turnsSent ?? null,
  conversation,
});

/** Writes one JSON document at the end; nothing if the answer is cut off. */
export function createDocumentWriter(output: Output): AnswerWriter {
  return {
    delta: async () => {},
    done: (event, conversation) => output.document(document(event, conversation)),
    broken: async () => {},
  };
}

/**
 * Writes a line of JSON for each piece of the answer, then the whole document. The pieces together are the complete
 * answer, even if the server sent it at once.
 */
export function createLinesWriter(output: Output): AnswerWriter {
  let begun = false;
  const delta = (text: string) => {
    begun = true;
    return output.document({ type: "delta", text } satisfies StreamDocument);
  };
  return {
    delta,
    done: async (event, conversation) => {
      if (!begun && event.response !== "") await delta(event.response);
      await output.document({
        type: "done",
        ...document(event, conversation),
      } satisfies StreamDocument);
    },
    broken: async () => {},
  };
}
