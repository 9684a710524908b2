import { defaultKeymap, type Keymap } from "../composer/keymap.ts";
import { counted } from "../../text/numbers.ts";
import type { State } from "../../session/state.ts";
import { paint, styles, type Display } from "../markdown/display.ts";
import { roleWords } from "../status-line.ts";
import { noteText } from "./words.ts";

/** The keys that a first question needs; `/help` has the others, and the composer names the slash. */
const keyWords = (keys: Keymap): string[] =>
  (["enter", "newline", "escape"] as const)
    .map((name, at) => [keys.labelOf(name), ["send", "new line", "stop"][at]] as const)
    .flatMap(([label, does]) => (label === "" ? [] : [`${label} ${does}`]));

/** The first line of a session. */
export const nameText = (version: string, display: Display): string =>
  `${paint(`ai-chat ${version}`, styles.bold, display)}\n`;

/** The lines below it: who answers, where, and what is left; the keys to begin with. */
export function openingText(
  { model, role, tokens, place }: Pick<State, "model" | "role" | "tokens"> & { place: string },
  { isDemo }: { isDemo: boolean },
  display: Display,
  keys = defaultKeymap,
): string {
  // Of a server elsewhere the session learns only later that its demo answers.
  const answers = isDemo || model === "demo" ? "a demo (see /connect)" : (model ?? "");
  const facts = [answers, roleWords({ role }), place, tokens === null ? "" : counted(tokens, "token")];
  return (
    noteText("info", [facts.filter((fact) => fact !== "")], display) +
    noteText("dim", [keyWords(keys)], display)
  );
}
