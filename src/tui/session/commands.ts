import { nearest } from "../../client/edits.ts";

/** A slash command. The table is the one place that knows which there are. */
export interface Command {
  name: string;
  /** Shown behind the name where it takes something. */
  argument?: string;
  help: string;
}

export const commands = [
  { name: "help", help: "what can be typed and pressed" },
  { name: "new", help: "start a new conversation" },
  { name: "resume", argument: "[ID]", help: "go on with a saved conversation" },
  { name: "rename", argument: "TITLE", help: "give this conversation another title" },
  { name: "search", argument: "WORDS", help: "saved conversations that hold them" },
  { name: "retry", help: "ask the last question again" },
  { name: "edit", help: "change the last question and ask that instead" },
  { name: "copy", argument: "[n]", help: "copy the last answer, or its nth code block" },
  { name: "raw", help: "print the last answer as Markdown" },
  { name: "balance", help: "tokens left, and for how many questions" },
  { name: "usage", argument: "[days]", help: "questions a day as a chart, and their sum" },
  { name: "server", argument: "[URL]", help: "talk to another server" },
  { name: "login", help: "log in, or register" },
  { name: "logout", help: "forget the login of this server" },
  { name: "clear", help: "start anew on an empty screen" },
  { name: "quit", help: "leave" },
] as const satisfies readonly Command[];

export type CommandName = (typeof commands)[number]["name"];

const commandNames = commands.map(({ name }) => name);

/** Commands that an answer on its way is no matter to; the others wait until it is through. */
export const whileAnswering: ReadonlySet<string> = new Set<CommandName>(["help", "balance", "usage", "quit"]);

/** What a person meant with the text that they sent. */
export type Input =
  | { kind: "nothing" }
  | { kind: "question"; text: string }
  | { kind: "command"; name: CommandName; argument: string }
  | { kind: "unknown"; name: string; nearest: CommandName | undefined };

/**
 * Only a single line that begins with one slash is a command: pasted text of several lines never is. `//text` is the
 * question `/text`. What looks like a command and is none is never sent: a typo must cost nothing.
 */
export function readInput(text: string): Input {
  const trimmed = text.trim();
  if (trimmed === "") return { kind: "nothing" };
  if (trimmed.startsWith("//")) return { kind: "question", text: trimmed.slice(1) };
  if (!trimmed.startsWith("/") || trimmed.includes("\n")) return { kind: "question", text: trimmed };
  const [word = "", ...rest] = trimmed.slice(1).split(/\s+/);
  const found = commands.find((command) => command.name === word.toLowerCase());
  return found === undefined
    ? { kind: "unknown", name: word, nearest: nearest(word, commandNames) }
    : { kind: "command", name: found.name, argument: rest.join(" ") };
}

/** The commands that what is typed so far may become; [] once it isn't the beginning of one. */
export function completions(text: string): Command[] {
  const match = /^\/([a-z]*)$/i.exec(text);
  if (match === null) return [];
  return commands.filter((command) => command.name.startsWith((match[1] ?? "").toLowerCase()));
}

/** How a command is written in the help and the menu: `/copy [n]`. */
export function usage(command: Command): string {
  return command.argument === undefined ? `/${command.name}` : `/${command.name} ${command.argument}`;
}
