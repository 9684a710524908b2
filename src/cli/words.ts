import { edits } from "../client/edits.ts";
import { commands } from "./commands.ts";
import { optionNamed, options, type OptionName } from "./options.ts";

/** argv, sorted before commander sees it (TERMINAL.md §6). */
export interface SortedArgv {
  /** The first word: a command, or what was meant to be one. */
  first: string | undefined;
  /** Everything else, as it stood. */
  rest: string[];
  /** The words behind the first one; `literal` counts those after `--`, which stand last. */
  words: string[];
  literal: number;
  /** Names of the switches that stand in it; a value-taking option's value is not looked at. */
  switches: Set<OptionName>;
  /**
   * An option that stands among the words, as it was typed: between two of them, or behind one with an optional value
   * grown to it (`rm -rf` is no `-r f`).
   */
  between: string | undefined;
  /** How many words stand before the first option behind a word. */
  wordsBefore: number;
}

const byFlag = new Map<string, OptionName>();
const byShort = new Map<string, OptionName>();
for (const name of Object.keys(options) as OptionName[]) {
  const { flag, short } = optionNamed(name);
  if (flag !== undefined) byFlag.set(flag, name);
  if (short !== undefined) byShort.set(short, name);
}

/** `-` alone and numbers such as `-5` are words, for commander too. */
export const isOption = (item: string) =>
  item.length > 1 && item.startsWith("-") && !/^-(\d|\.\d)[\d.]*(e\d+)?$/i.test(item);

/** Whether what follows `-r` is its ID, and not a command. */
const isValue = (item: string | undefined): boolean =>
  item !== undefined && /^[a-z0-9]{1,8}$/i.test(item) && !commands.has(item);

/** What one argument holds. */
interface OptionsRead {
  /** Switches. */
  names: OptionName[];
  /** The option that takes a value, and whether that is the next argument. */
  taker?: OptionName;
  takesNext: boolean;
  /** A value that may be left out stands in the same argument, without a sign between: `-rf`. */
  glued?: boolean;
}

/** Reads an argument that is an option, or several short ones. */
export function readOption(item: string, next: string | undefined): OptionsRead {
  if (item.startsWith("--")) {
    const [flag = "", given] = item.slice(2).split("=", 2);
    const name = byFlag.get(flag);
    if (name === undefined) return { names: [], takesNext: false };
    const { value, optional } = optionNamed(name);
    if (optional === true) return { names: [], taker: name, takesNext: given === undefined && isValue(next) };
    if (value === undefined) return { names: [name], takesNext: false };
    return { names: [], taker: name, takesNext: given === undefined };
  }
  const names: OptionName[] = [];
  for (let at = 1; at < item.length; at += 1) {
    const name = byShort.get(item.charAt(at));
    if (name === undefined) break;
    const { value, optional } = optionNamed(name);
    const isLast = at === item.length - 1;
    if (value !== undefined)
      return {
        names,
        taker: name,
        takesNext: isLast && (optional !== true || isValue(next)),
        glued: optional === true && !isLast,
      };
    names.push(name);
  }
  return { names, takesNext: false };
}

/** Sorts argv (without node and script) into first word, words, and options; reads no option's value. */
export function sortArgv(argv: readonly string[]): SortedArgv {
  const sorted: SortedArgv = {
    first: undefined,
    rest: [],
    words: [],
    literal: 0,
    switches: new Set(),
    between: undefined,
    wordsBefore: 0,
  };
  let pending: string | undefined;
  for (let at = 0; at < argv.length; at += 1) {
    const item = argv[at] ?? "";
    if (item === "--") {
      sorted.rest.push(...argv.slice(at));
      sorted.words.push(...argv.slice(at + 1));
      sorted.literal = argv.length - at - 1;
      break;
    }
    if (isOption(item)) {
      const { names, takesNext, glued } = readOption(item, argv[at + 1]);
      for (const name of names) sorted.switches.add(name);
      if (sorted.words.length > 0 && pending === undefined) {
        pending = item;
        sorted.wordsBefore = sorted.words.length;
      }
      if (glued === true && sorted.words.length > 0) sorted.between ??= item;
      sorted.rest.push(item);
      if (takesNext && at + 1 < argv.length) sorted.rest.push(argv[(at += 1)] ?? "");
    } else if (sorted.first === undefined) {
      sorted.first = item;
    } else {
      sorted.between ??= pending;
      sorted.words.push(item);
      sorted.rest.push(item);
    }
  }
  return sorted;
}

/** The name that is nearest to what was typed, where one is near enough to have been meant. */
export function nearest(typed: string, names: readonly string[]): string | undefined {
  const word = typed.toLowerCase().slice(0, 40);
  const best = names
    .map((name) => ({ name, far: word.length >= 3 && name.startsWith(word) ? 0 : edits(word, name) }))
    .sort((a, b) => a.far - b.far)[0];
  if (!best) return undefined;
  return best.far <= Math.max(1, Math.floor(Math.min(word.length, best.name.length) / 2.5))
    ? best.name
    : undefined;
}
