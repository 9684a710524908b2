import { nearest } from "../text/nearest.ts";
import { counted } from "../text/numbers.ts";
import type { SessionCommand } from "./command.ts";
import { commandNamed, commands } from "./commands.ts";
import type { ShownCommand } from "./shown-command.ts";

/** What a person meant with the text that they sent. */
export type Input =
  | { kind: "nothing" }
  | { kind: "question"; text: string }
  /** A word that leaves other programs, or asks them for help: `instead` is the command that does so here. */
  | { kind: "lone"; text: string; instead: "quit" | "help" }
  | { kind: "command"; command: SessionCommand; argument: string }
  | { kind: "unknown"; name: string; nearest: string | undefined };

const loneWords = new Map<string, "quit" | "help">([
  ["exit", "quit"],
  ["quit", "quit"],
  ["bye", "quit"],
  [":q", "quit"],
  ["help", "help"],
  ["?", "help"],
]);

/** What is said instead of asking such a word at once. `again`: what asks it. */
export function loneHint(instead: "quit" | "help", again: string, price: number | null): string {
  const does = instead === "quit" ? "leaves" : "lists what can be typed";
  return `/${instead} ${does}. ${again} asks it${price === null ? "" : ` for ${counted(price, "token")}`}.`;
}

/** `/etc/passwd what is it?`: no command has a second slash in its name. */
const isPath = (text: string): boolean => /^\/[^\s/]*\//.test(text);

/**
 * Only a single line that begins with one slash is a command: pasted text of several lines never is, and no path. `//text`
 * is the question `/text`. A command that does not exist is never sent as a question: a typing error must cost nothing.
 */
export function readInput(text: string): Input {
  const trimmed = text.trim();
  if (trimmed === "") return { kind: "nothing" };
  if (trimmed.startsWith("//")) return { kind: "question", text: trimmed.slice(1) };
  if (!trimmed.startsWith("/") || trimmed.includes("\n") || isPath(trimmed)) {
    const instead = loneWords.get(trimmed.toLowerCase());
    return instead === undefined
      ? { kind: "question", text: trimmed }
      : { kind: "lone", text: trimmed, instead };
  }
  const [word = "", ...rest] = trimmed.slice(1).split(/\s+/);
  const command = commandNamed(word);
  if (command !== undefined) return { kind: "command", command, argument: rest.join(" ") };
  const names = commands.map(({ name }) => name);
  return { kind: "unknown", name: word, nearest: nearest(word, names) };
}

/** The commands, and the prompts of the user, that begin with what was typed so far; [] once it is not the beginning of one. */
export function completions(text: string, prompts: readonly ShownCommand[] = []): readonly ShownCommand[] {
  const [, typed] = /^\/([^\s/]*)$/.exec(text) ?? [];
  if (typed === undefined) return [];
  const wanted = typed.toLowerCase();
  return [...commands, ...prompts].filter(({ name }) => name.toLowerCase().startsWith(wanted));
}
