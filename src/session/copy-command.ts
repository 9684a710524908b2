import { titleOf } from "../client/conversations/title.ts";
import { counted } from "../text/numbers.ts";
import type { Copied, CommandUi, SessionCommand } from "./command.ts";
import type { Choice } from "./finding.ts";
import type { Answer } from "./saving.ts";
import type { Session } from "./session.ts";

const words: Record<Copied, (what: string) => string> = {
  copied: (what) => `Copied ${what}.`,
  sent: (what) =>
    `Sent ${what} to your terminal's clipboard; if it isn't there, the terminal doesn't allow it: /raw prints the answer.`,
  tooLarge: (what) => `No clipboard here takes as much as ${what}; /raw prints the answer.`,
  none: () => "The clipboard can't be reached from here; /raw prints the answer.",
};

/** `/copy [N]`: `0` is the last answer, `2` its second code block, `5.0` and `5.2` those of turn 5. */
export const copyCommand: SessionCommand = {
  name: "copy",
  argument: "[N]",
  help: "copy an answer or a code block from a list, or block N of the last answer",
  async run(session, argument, ui) {
    const { answer } = session.state;
    if (answer === "") return session.note("dim", "There is no answer to copy yet.");
    const [, first, second] = /^(\d{1,6})(?:\.(\d{1,6}))?$/.exec(argument) ?? [];
    if (argument !== "" && first === undefined)
      return session.note(
        "dim",
        "/copy takes the number of a code block, or of a turn and its block: /copy 5.2",
      );
    if (second !== undefined) return copyOfTurn(session, Number(first), Number(second), ui);
    if (first !== undefined) return copyPart({ text: answer }, Number(first), session, ui);
    const answers = await session.saver.answers();
    const choices = choicesOf(answers, answer, ui);
    // Nothing to choose.
    if (choices.length < 2) return copyPart({ text: answer }, 0, session, ui);
    ui.chooseText(choices);
  },
};

async function copyOfTurn(session: Session, turn: number, part: number, ui: CommandUi): Promise<void> {
  const answers = await session.saver.answers();
  const found = answers.find((one) => one.turn === turn);
  if (found !== undefined) return copyPart(found, part, session, ui);
  session.note("dim", `This conversation has ${counted(answers.length, "turn")}.`);
}

/** Copies a code block of an answer, counted from 1, or with 0 the answer. Without `turn` it is the last one. */
async function copyPart(
  { text, turn }: { text: string; turn?: number },
  part: number,
  session: Session,
  ui: CommandUi,
): Promise<void> {
  const blocks = ui.codeBlocks(text);
  const copied = part === 0 ? text : blocks[part - 1];
  const whose = turn === undefined ? "The last answer" : `The answer of turn ${turn}`;
  if (copied === undefined) {
    const zero = turn === undefined ? "0" : `${turn}.0`;
    if (blocks.length === 0)
      return session.note("warn", `${whose} has no code block; /copy ${zero} takes it whole.`);
    return session.note("warn", `${whose} has ${counted(blocks.length, "code block")}.`);
  }
  const of = turn === undefined ? "" : ` of turn ${turn}`;
  const what = part === 0 ? `the answer${of}` : `code block ${part}${of}`;
  const outcome = await ui.copy(copied);
  session.note(outcome === "copied" || outcome === "sent" ? "dim" : "warn", words[outcome](what));
}

/** All answers with their code blocks, the last answer first. `last` is in none of the turns if it failed. */
function choicesOf(answers: readonly Answer[], last: string, { codeBlocks }: CommandUi): Choice[] {
  const rowsOf = (id: string, place: string, text: string): Choice[] =>
    [text, ...codeBlocks(text)].map((part, at) => ({
      id: `${id}${at}`,
      title: titleOf(part) || "(blank)",
      detail: [
        place,
        at === 0 ? "answer" : `code block ${at}`,
        counted(part.trim().split("\n").length, "line"),
      ],
      words: "",
    }));
  const rows = answers.toReversed().flatMap(({ turn, text }) => rowsOf(`${turn}.`, `turn ${turn}`, text));
  return answers.at(-1)?.text === last ? rows : [...rowsOf("", "not whole", last), ...rows];
}
