import { grouped } from "./numbers.ts";
import { repeatable } from "./repeatable.ts";

/** Most names in a sentence, and most characters of one. */
const NAMES = 10;
const CHARACTERS = 80;

/** Names in a sentence, in quotes; of many only the first ones. */
export function namedBriefly(names: readonly string[]): string {
  const shown = names.slice(0, NAMES).map((name) => JSON.stringify(repeatable(name).slice(0, CHARACTERS)));
  const rest = names.length - shown.length;
  if (rest > 0) return `${shown.join(", ")} and ${grouped(rest)} more`;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}
