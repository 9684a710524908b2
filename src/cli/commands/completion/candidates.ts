import { settingNames } from "../../../client/kept/settings.ts";
import type { WordKind } from "../../argv/command-spec.ts";
import { commands } from "../../argv/commands.ts";
import { everywhere, optionNamed, type OptionName } from "../../argv/options.ts";
import { optionOfSetting } from "../../argv/settings-now.ts";
import { cursorAfter, type Cursor } from "./cursor.ts";

/** A possible word at the cursor. */
export interface Candidate {
  value: string;
  /** A description. A conversation's title is untrusted. */
  about: string;
}

/** The reply to the shell: a list of words, or that the shell should complete folders or files. */
export type Completion = { kind: "words"; candidates: Candidate[] } | { kind: "folders" | "files" };

/** Data saved on this machine; models and API keys, which a server is asked for if they aren't. */
export interface Known {
  conversations(): Promise<Candidate[]>;
  servers(): Promise<Candidate[]>;
  roles(): Promise<Candidate[]>;
  /** API keys of the account. `server` as it was typed; undefined: the default one. */
  keys(server: string | undefined): Promise<Candidate[]>;
  /** `server` likewise. */
  models(server: string | undefined): Promise<Candidate[]>;
}

const words = (candidates: Candidate[]): Completion => ({ kind: "words", candidates });
const plain = (values: readonly string[]) => values.map((value) => ({ value, about: "" }));

const allCommands = (): Candidate[] => [
  ...[...commands].map(([value, { summary }]) => ({ value, about: summary })),
  { value: "help", about: "options and examples of a command" },
];

async function valuesOf(name: OptionName, { server }: Cursor, known: Known): Promise<Completion> {
  const { names, choices } = optionNamed(name);
  if (names === "folder") return { kind: "folders" };
  if (names === "file") return { kind: "files" };
  if (names === "server") return words(await known.servers());
  if (names === "model") return words(await known.models(server));
  if (names === "role") return words(await known.roles());
  if (names === "conversation") return words(await known.conversations());
  return words(plain(choices ?? []));
}

function settings(): Candidate[] {
  return settingNames.map((value) => ({ value, about: optionNamed(optionOfSetting(value)).help }));
}

async function wordsOf(
  kind: WordKind | undefined,
  before: string | undefined,
  cursor: Cursor,
  known: Known,
): Promise<Completion> {
  if (kind === "folder") return { kind: "folders" };
  if (kind === "file") return { kind: "files" };
  if (kind === "conversation") return words(await known.conversations());
  if (kind === "apiKey") return words(await known.keys(cursor.server));
  if (kind === "setting") return words(settings());
  const setting = settingNames.find((name) => name === before);
  if (kind === "settingValue" && setting !== undefined)
    return valuesOf(optionOfSetting(setting), cursor, known);
  return words([]);
}

/** Flags that were not given yet; in short form only if that was typed. */
function flags({ command, given }: Cursor, current: string): Candidate[] {
  const spec = commands.get(command ?? "chat");
  if (!spec) return [];
  return [...spec.options, ...(spec.common ?? everywhere)].flatMap((name) => {
    const { flag, short, help, repeats } = optionNamed(name);
    if (flag === undefined || (given.has(name) && repeats !== true)) return [];
    return [{ value: current === `-${short}` ? current : `--${flag}`, about: help }];
  });
}

/** Completes `--flag=VALUE`. */
async function attached(cursor: Cursor, current: string, known: Known): Promise<Completion | undefined> {
  const [flag = ""] = current.split("=", 1);
  const spec = commands.get(cursor.command ?? "chat");
  const names = spec ? [...spec.options, ...(spec.common ?? everywhere)] : [];
  const name = names.find((name) => `--${optionNamed(name).flag}` === flag);
  if (name === undefined || optionNamed(name).value === undefined) return undefined;
  const found = await valuesOf(name, cursor, known);
  if (found.kind !== "words") return found;
  return words(found.candidates.map(({ value, about }) => ({ value: `${flag}=${value}`, about })));
}

/** Candidates for the last of `typed`. They are not filtered by its text, because shells match in different ways. */
export async function candidates(typed: readonly string[], known: Known): Promise<Completion> {
  const current = typed.at(-1) ?? "";
  const cursor = cursorAfter(typed.slice(0, -1));
  const { command, option } = cursor;
  if (cursor.literal) return words([]);
  if (option !== undefined && optionNamed(option).optional !== true) return valuesOf(option, cursor, known);
  if (current.startsWith("-"))
    return (
      (current.includes("=") && (await attached(cursor, current, known))) || words(flags(cursor, current))
    );
  const chosen = option === undefined ? [] : await known.conversations();
  if (command === undefined) return words([...chosen, ...allCommands()]);
  if (option !== undefined) return words(chosen);
  if (command === "help") return words(cursor.words.length === 0 ? await helpWords() : []);
  const { actions } = commands.get(command) ?? {};
  const [action, ...behind] = cursor.words;
  if (actions === undefined) return words([]);
  if (action === undefined)
    return words(Object.entries(actions).map(([value, { summary }]) => ({ value, about: summary })));
  const spec = Object.hasOwn(actions, action) ? actions[action] : undefined;
  const { words: kinds = [], repeats } = spec ?? {};
  // `conversations export --all DIR` in place of `export ID`.
  const isAll = behind.length === 0 && cursor.given.has("allConversations");
  const kind = isAll ? "folder" : (kinds[behind.length] ?? (repeats ? kinds.at(-1) : undefined));
  return wordsOf(kind, behind.at(-1), cursor, known);
}

async function helpWords(): Promise<Candidate[]> {
  const { topics } = await import("../../help/help.ts");
  return [...allCommands(), ...[...topics].map(([value, { summary }]) => ({ value, about: summary }))];
}
