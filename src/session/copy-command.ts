import type { Copied, SessionCommand } from "./command.ts";

const words: Record<Copied, (what: string) => string> = {
  copied: (what) => `Copied ${what}.`,
  sent: (what) =>
    `Sent ${what} to your terminal's clipboard; if it isn't there, the terminal doesn't allow it: /raw prints the answer.`,
  tooLarge: (what) => `No clipboard here takes as much as ${what}; /raw prints the answer.`,
  none: () => "The clipboard can't be reached from here; /raw prints the answer.",
};

/** `/copy [n]`. */
export const copyCommand: SessionCommand = {
  name: "copy",
  argument: "[n]",
  help: "copy the last answer, or its nth code block",
  async run(session, argument, hands) {
    const { answer } = session.state;
    if (answer === "") return session.note("dim", "There is no answer to copy yet.");
    const blocks = hands.codeBlocks(answer);
    const text = argument === "" ? answer : blocks[Number(argument) - 1];
    if (text === undefined) {
      if (blocks.length === 0)
        return session.note("warn", "The last answer has no code block; /copy takes it whole.");
      const many = blocks.length === 1 ? "1 code block" : `${blocks.length} code blocks`;
      return session.note("warn", `The last answer has ${many}: /copy takes a number of one.`);
    }
    const what = argument === "" ? "the answer" : `code block ${Number(argument)}`;
    const outcome = await hands.copy(text);
    session.note(outcome === "copied" || outcome === "sent" ? "dim" : "warn", words[outcome](what));
  },
};
