import { counted } from "../../text/numbers.ts";
import type { State } from "../../session/state.ts";
import { paint, styles, type Display } from "../markdown/display.ts";
import { noteText } from "./words.ts";

/** The keys that a first question needs; `/help` has the others, and the composer names the slash. */
const KEYS = ["Enter send", "Alt-Enter new line", "Esc stop"];

/** The first line of a session. */
export const nameText = (version: string, display: Display): string =>
  `${paint(`ai-chat ${version}`, styles.bold, display)}\n`;

/** The lines below it: who answers, where, and what is left; the keys to begin with. */
export function openingText(
  { model, tokens, place }: Pick<State, "model" | "tokens"> & { place: string },
  { isDemo }: { isDemo: boolean },
  display: Display,
): string {
  // Of a server elsewhere the session learns only later that its demo answers.
  const answers = isDemo || model === "demo" ? "a demo (see /connect)" : (model ?? "");
  const facts = [answers, place, tokens === null ? "" : counted(tokens, "token")];
  return noteText("info", [facts.filter((fact) => fact !== "")], display) + noteText("dim", [KEYS], display);
}
