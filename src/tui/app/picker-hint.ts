import { glyphs, type Display } from "../markdown/display.ts";
import { grouped } from "../../text/numbers.ts";
import { choiceHeight, MOST_CHOICE_ROWS, shownChoices } from "./choice-lines.ts";
import { picked, type Picker } from "./picker.ts";

/** Rows that a list leaves to the composer, the status line and the text above it. */
const OTHER_ROWS = 4;

const rowsFor = (screen: number) => Math.min(MOST_CHOICE_ROWS, screen - 1 - OTHER_ROWS);

/** The number of choices that a screen of so many rows shows at once. */
export const choicesAtOnce = (screen: number, display: Display): number =>
  shownChoices(0, { index: 0, top: 0 }, rowsFor(screen), display).many;

/** The text above the composer while a list is open: which choices are shown, and what keys do. */
export function pickerHint(picker: Picker, screen: number, display: Display): string {
  const { length } = picked(picker);
  const { dot, ellipsis } = glyphs(display);
  const searching = picker.isSearching ? `searching${ellipsis}` : "";
  if (length === 0) return searching === "" ? `${noMatch[picker.of]} Esc closes.` : searching;
  const { first, many } = shownChoices(length, picker, rowsFor(screen), display);
  const to = `${display.ascii ? "-" : "–"}${grouped(Math.min(first + many, length))}`;
  const range = `${grouped(first + 1)}${to} of ${grouped(length)}`;
  const enter = enterDoes[picker.of];
  const keys = choiceHeight(display) > 1 ? "Type to filter;" : "Type to filter; Up and Down choose,";
  const parts = [range, ...(searching === "" ? [] : [searching]), `${keys} Enter ${enter}, Esc closes.`];
  return parts.join(` ${dot} `);
}

const enterDoes: Record<Picker["of"], string> = {
  conversations: "opens",
  models: "takes it",
  roles: "takes it",
  versions: "takes it",
  texts: "copies it",
};

const noMatch: Record<Picker["of"], string> = {
  conversations: "No conversation holds these words.",
  models: "No model has this name.",
  roles: "No role has these words.",
  versions: "No version has these words.",
  texts: "Nothing here has these words.",
};
