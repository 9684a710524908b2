import { commandOf } from "../composer/keymap.ts";
import type { Form, FormEvent } from "../../session/form.ts";
import type { Key } from "../terminal/key.ts";
import type { Effect } from "./press.ts";

/** What a key does while the form is open. */
export type FormKey = { kind: "form"; event: FormEvent } | { kind: "session"; effect: Effect };

const event = (type: "backspace" | "clear" | "enter" | "back" | "other"): FormKey => ({
  kind: "form",
  event: { type },
});
const session = (kind: "none" | "leave" | "redraw" | "suspend" | "arm"): FormKey => ({
  kind: "session",
  effect: { kind },
});

/** Whether the event changes the text of a field. */
export const isTyping = ({ type }: FormEvent): boolean => type === "insert" || type === "backspace";

/** One key in the form. Ctrl-C clears the field; in an empty field it leaves when pressed twice. */
export function pressInForm(form: Form, key: Key, armed: boolean): FormKey {
  const meaning = commandOf(key);
  if (meaning === undefined) return session("none");
  if (meaning.kind === "session") {
    switch (meaning.command) {
      case "enter":
        return event("enter");
      case "escape":
        return event("back");
      case "interrupt":
        if (fieldOf(form) !== "") return event("clear");
        return session(armed ? "leave" : "arm");
      case "deleteOrLeave":
        return session(fieldOf(form) === "" ? "leave" : "none");
      case "complete":
      case "completeBack":
        return event("other");
      case "redraw":
      case "suspend":
        return session(meaning.command);
      case "searchHistory":
      case "openEditor":
      case "pasteImage":
        return session("none");
    }
  }
  const { action } = meaning;
  if (action.type === "insert") return { kind: "form", event: { type: "insert", text: action.text } };
  if (action.type === "backspace") return event("backspace");
  if (action.type.startsWith("kill")) return event("clear");
  return ["up", "down", "left", "right"].includes(action.type) ? event("other") : session("none");
}

function fieldOf(form: Form): string {
  if (form.step === "choose") return "";
  return form.step === "repeat" ? form.repeated : form[form.step];
}
