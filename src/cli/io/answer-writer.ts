import type { AnswerEvent } from "../../client/http/contract.ts";
import type { AskDocument, StreamDocument } from "../commands/ask/document.ts";
import type { Output } from "./output.ts";

type Done = Extract<AnswerEvent, { type: "done" }>;

/** Takes an answer as it comes and puts it on stdout in one of its forms. Rejects as `Output.write` does. */
export interface AnswerWriter {
  delta(text: string): Promise<void>;
  /** The answer is whole; `conversation` is the ID of the one that it was kept in. */
  done(event: Done, conversation: string | null): Promise<void>;
  /** The answer broke off: ends what stands there with one newline, or writes nothing where nothing stands. */
  broken(): Promise<void>;
}

/**
 * The bytes as they come, and one newline at the end: line ends are held back until something follows them, so that
 * what the answer ends with becomes exactly one, also when it breaks off.
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

/** Finished Markdown blocks, in the session's look, without cursor movement; control sequences are stripped. */
export async function createBlocksWriter(
  output: Output,
  { ascii }: { ascii: boolean },
): Promise<AnswerWriter> {
  const { createAnswerPrinter } = await import("../../tui/markdown/answer.ts");
  const { stdout, color } = output;
  const look = () => ({ columns: stdout.columns || 80, color: color.stdout, ascii, links: false });
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

const document = ({ response, tokensDeducted, tokens }: Done, conversation: string | null): AskDocument => ({
  response,
  tokens_deducted: tokensDeducted,
  tokens,
  conversation,
});

/** One document at the end; nothing where there is no end. */
export function createDocumentWriter(output: Output): AnswerWriter {
  return {
    delta: async () => {},
    done: (event, conversation) => output.document(document(event, conversation)),
    broken: async () => {},
  };
}

/**
 * A line of JSON for each piece, the last one as the document. The pieces together are the answer, also where it came
 * in one: who reads them alone reads all of it.
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
