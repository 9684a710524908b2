import { ClientError } from "../../client/failure.ts";
import type { CommandSpec } from "./command-spec.ts";
import { optionNamed, options, type OptionName } from "./options.ts";
import type { Program } from "./program.ts";
import { quotedWords, shortQuestion } from "./quoted-words.ts";
import { parseArgv, type ParsedArgv } from "./parse-argv.ts";

const switches = (Object.keys(options) as OptionName[])
  .map(optionNamed)
  .filter(({ short, value }) => short !== undefined && value === undefined)
  .map(({ short }) => short)
  .join("");
/** In `-rf`, f would be read as the value of -r, although it probably belongs to a question such as "use rm -rf". */
const gluedResume = new RegExp(`^-[${switches}]*r.`);

/** Whether the words before `--` are adjacent, with no option between them. */
function isOneRun(argv: readonly string[], words: readonly string[]): boolean {
  for (let at = 0; at + words.length <= argv.length; at += 1) {
    if (!words.every((word, n) => argv[at + n] === word)) continue;
    // The same strings can also be option values. Before this position only the command may be a word.
    const before = parseArgv(argv.slice(0, at));
    if (before.incomplete === undefined && before.words.length <= 1) return true;
  }
  return false;
}

/** Rejects a question with an option in the middle: `ask what does grep -q do`. Throws `usage`. */
function checkQuestion(argv: readonly string[], { words, literal }: ParsedArgv, { name }: Program): void {
  const end = literal > 0 ? argv.length - literal - 1 : argv.length;
  const typed = argv.slice(0, end);
  const question = words.slice(words[0] === "ask" ? 1 : 0, words.length - literal);
  if (!typed.some((item) => gluedResume.test(item)) && (question.length === 0 || isOneRun(typed, question)))
    return;
  throw new ClientError("usage", "There is an option in the middle of the question.", {
    hint: `Quote the question, or put -- before it: ${name} ask "…"`,
  });
}

/** Rejects words for a command that takes none, and a question that is split by options. Throws `usage`. */
export function checkWords(
  argv: readonly string[],
  parsed: ParsedArgv,
  { command, spec, words }: { command: string; spec: CommandSpec; words: readonly string[] },
  program: Program,
): void {
  if (command === "ask") checkQuestion(argv, parsed, program);
  if (spec.words !== undefined || words.length === 0) return;
  const { name } = program;
  // The message must not quote the words: one may be a password.
  if (spec.options.includes("passwordStdin"))
    throw new ClientError("usage", `${command} takes no words.`, {
      hint: `Give the name with -u NAME; for the password see: ${name} ${command} --help`,
    });
  const hint =
    command === "chat"
      ? `To ask something: ${name} ask ${shortQuestion(words)}`
      : `See: ${name} ${command} --help`;
  throw new ClientError("usage", `${command} takes no words, but got ${quotedWords(words)}.`, { hint });
}
