import { optionNamed, type OptionName } from "../options.ts";
import { isOption, readOption } from "../words.ts";

/** Where the cursor stands: what was typed before the word that is being typed. */
export interface Place {
  command: string | undefined;
  /** Behind the command. */
  words: string[];
  /** The option whose value comes next. */
  option: OptionName | undefined;
  /** Options that stand there already. */
  given: ReadonlySet<OptionName>;
  /** Behind `--`, where all is text. */
  literal: boolean;
}

/** Whether the option may still be given the value that it can do without. */
function isBare(item: string, taker: OptionName | undefined): boolean {
  if (taker === undefined) return false;
  const { flag, short, optional } = optionNamed(taker);
  return (
    optional === true && (item === `--${flag}` || (!item.startsWith("--") && item.endsWith(short ?? " ")))
  );
}

/** Reads what stands before the cursor, the program's name left out. */
export function placeOf(typed: readonly string[]): Place {
  const given = new Set<OptionName>();
  const place: Place = { command: undefined, words: [], option: undefined, given, literal: false };
  for (let at = 0; at < typed.length; at += 1) {
    const item = typed[at] ?? "";
    if (item === "--") return { ...place, literal: true };
    if (isOption(item)) {
      const { names, taker, takesNext } = readOption(item, typed[at + 1]);
      for (const name of names) given.add(name);
      if (taker !== undefined) given.add(taker);
      if (takesNext) at += 1;
      const waits = takesNext ? at === typed.length : at === typed.length - 1 && isBare(item, taker);
      if (waits) place.option = taker;
    } else if (place.command === undefined) place.command = item;
    else place.words.push(item);
  }
  return place;
}
