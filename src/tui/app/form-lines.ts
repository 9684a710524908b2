import { glyphs, paint, styles, type Display } from "../markdown/display.ts";
import { width } from "../terminal/width.ts";
import type { Form } from "../../session/form.ts";
import { wrappedLines } from "../markdown/wrap.ts";
import { chosenLine } from "./chosen-line.ts";

/** The form as lines, and the cursor in them. */
export interface FormPicture {
  lines: string[];
  cursor: { x: number; y: number };
}

const CHOICES: Record<Form["purpose"], string> = {
  register: "1  I'm new: register",
  login: "2  I have an account: log in",
};
/** Cells of the longer one. */
const LONGEST_CHOICE = CHOICES.login.length;

/** Draws the form; `place` is the server in a sentence. A password field looks the same however much is typed (docs/session.md#password-fields). */
export function formPicture(form: Form, place: string, display: Display): FormPicture {
  const lines: string[] = [];
  if (form.step === "choose") return choosePicture(form, place, display);
  const title = form.purpose === "register" ? `Register at ${place}` : `Log in to ${place}`;
  lines.push(...wrappedLines(form.reason ?? title, styles.bold, display));
  const label = labelOf(form);
  const field = form.step === "username" ? form.username : form.step === "invite" ? form.invite : "";
  const shown = fitEnd(field, display.columns - width(label) - 2);
  if (form.error !== undefined) lines.push(...wrappedLines(form.error, styles.error, display));
  const note = form.busy ? `one moment${glyphs(display).ellipsis}` : noteOf(form);
  const prompt = paint(label, styles.accent, display) + shown;
  const cursor = { x: width(label) + width(shown), y: lines.length };
  return { lines: [...lines, prompt, ...wrappedLines(note, styles.dim, display)], cursor };
}

function choosePicture(form: Form, place: string, display: Display): FormPicture {
  const row = (purpose: Form["purpose"]) =>
    form.purpose === purpose
      ? chosenLine(CHOICES[purpose], LONGEST_CHOICE, display)
      : `  ${CHOICES[purpose]}`;
  const error = form.error === undefined ? [] : wrappedLines(form.error, styles.error, display);
  const title = [...wrappedLines(`Sign in to ${place}`, styles.bold, display), ...error];
  const y = title.length + (form.purpose === "register" ? 0 : 1);
  const lines = [
    ...title,
    row("register"),
    row("login"),
    ...wrappedLines(
      `Up and Down choose, Enter goes on${form.canLeave ? ", Esc leads back" : ""}`,
      styles.dim,
      display,
    ),
  ];
  return { lines, cursor: { x: 0, y } };
}

function labelOf({ step, username, purpose }: Form): string {
  if (step === "invite") return "Code of your invitation: ";
  if (step === "username") return "Username: ";
  if (step === "repeat") return "Password once more: ";
  return purpose === "login" && username !== "" ? `Password of ${username}: ` : "Password: ";
}

function noteOf({ step, purpose }: Form): string {
  if (step === "invite") return "case, spaces and dashes don't matter; Enter goes on, Esc goes back";
  if (step === "username") return "letters, digits and @ . + - _; Enter goes on, Esc goes back";
  const hidden = "what you type isn't shown; Enter goes on, Esc goes back";
  return purpose === "register" && step === "password" ? `at least 8 characters; ${hidden}` : hidden;
}

/** The end of a text that is longer than its field, because the cursor is there. */
function fitEnd(text: string, cells: number): string {
  const room = Math.max(1, cells);
  return text.length > room ? text.slice(-room) : text;
}
