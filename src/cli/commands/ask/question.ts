import { ClientError } from "../../../client/failure.ts";
import { CHAT_BODY_BYTES } from "../../../protocol/limits.ts";
import type { Attached } from "../../../client/conversations/images.ts";
import type { Call } from "../../argv/call.ts";
import { isArgvBroken } from "../../io/argv-bytes.ts";
import { readStdin, stdinKind } from "../../io/stdin.ts";

/** The sources of a question, determined before anything is read or connected. */
export type QuestionSource = { words: string; files: readonly string[]; stdin: boolean };

/** Removes a `-` that is the first or last word before `--`. It means: read stdin of any type. */
function withoutDash(words: readonly string[], literal: number): { words: readonly string[]; dash: boolean } {
  const typed = words.slice(0, words.length - literal);
  const behind = words.slice(words.length - literal);
  if (typed[0] === "-") return { words: [...typed.slice(1), ...behind], dash: true };
  if (typed.at(-1) === "-") return { words: [...typed.slice(0, -1), ...behind], dash: true };
  return { words, dash: false };
}

/** Determines the sources of the question (docs/cli.md#standard-input). Throws `usage` if there is no question. */
export function questionSource({ words, literal, values, program }: Call): QuestionSource {
  if (isArgvBroken(words))
    throw new ClientError("usage", "The question is not UTF-8.", {
      hint: `Give it on stdin: iconv -f ISO-8859-1 -t UTF-8 question.txt | ${program.name} ask`,
    });
  const { words: text, dash } = withoutDash(words, literal);
  const kind = stdinKind();
  if (dash && values.noStdin)
    throw new ClientError("usage", "The word - reads stdin, and --no-stdin forbids it.", {
      hint: "Leave one of them out; behind -- a dash is text.",
    });
  const stdin = dash || (!values.noStdin && (kind === "pipe" || kind === "file"));
  const question = text.join(" ");
  const { files = [] } = values;
  if (question.trim() !== "" || files.length > 0 || stdin) return { words: question, files, stdin };
  throw new ClientError("usage", "There is no question.", {
    hint: `For instance: ${program.name} ask "What is a monad?"`,
  });
}

/** Rejects a question that only a server with a very large limit would take (docs/cli.md#standard-input). */
function checkLength(question: string): void {
  if (Buffer.byteLength(question) <= CHAT_BODY_BYTES) return;
  throw new ClientError("payload_too_large", "The question has more than 1 MiB.", {
    hint: "Send less of it, for example with: head -c 30000",
  });
}

/** What is asked. */
export interface AskedQuestion {
  message: string;
  images: readonly Attached[];
}

/**
 * The question: the words, the files, then stdin if it is not empty, with blank lines between them. Throws `usage` if the
 * question is empty or a file can't be sent, `payload_too_large` if it is too long.
 */
export async function readQuestion(
  { words, files, stdin }: QuestionSource,
  call: Call,
): Promise<AskedQuestion> {
  const { output, signal, program } = call;
  const onSlow = () =>
    output.note("Waiting for the end of stdin (in scripts and loops: --no-stdin, or </dev/null).");
  const { blocks, images } =
    files.length === 0
      ? { blocks: [], images: [] }
      : await (await import("./attached.ts")).attachedFiles(files);
  const read = stdin ? await readStdin({ stream: call.stdin, signal, onSlow }) : "";
  const question = [words, ...blocks, read].filter((part) => part.trim() !== "").join("\n\n");
  if (question !== "") {
    checkLength(question);
    return { message: question, images };
  }
  throw new ClientError("usage", "There is no question: stdin was empty.", {
    hint: `For instance: ${program.name} ask "What is a monad?"`,
  });
}
