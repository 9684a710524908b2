import type { Registration } from "../protocol/replies.ts";
import { passwordFaults } from "../protocol/password-rules.ts";
import { usernameFaults } from "../protocol/username-rules.ts";

/** Who the form is for: somebody new, somebody known, or somebody whose token is no longer valid. */
export type Purpose = "register" | "login";

/** The form for logging in, without a screen. Passwords in it are shown nowhere, not even their length. */
export interface Form {
  step: "choose" | "invite" | "username" | "password" | "repeat";
  purpose: Purpose;
  /** The code of an invitation. */
  invite: string;
  username: string;
  /** Kept if only the name or the code was refused: it is sent with the next one. */
  password: string;
  repeated: string;
  /** Why it is asked, such as "Your login is no longer valid." */
  reason: string | undefined;
  /** What was wrong with the last try, beside its field. */
  error: string | undefined;
  busy: boolean;
  /** Whether Esc at its first step leads back to the conversation. */
  canLeave: boolean;
  first: Form["step"];
}

export type FormEvent =
  | { type: "insert"; text: string }
  | { type: "backspace" }
  | { type: "clear" }
  | { type: "other" }
  | { type: "enter" }
  | { type: "back" }
  | { type: "refused"; error: string; step: Form["step"]; password: string };

/** What the owner has to do after an event. */
export type FormOutcome =
  | { form: Form; effect: "nothing" | "leave" }
  | { form: Form; effect: "send"; credentials: { username: string; password: string; invite?: string } };

/** What is known of the server. */
export interface KnownRules {
  /**
   * It has the rules of docs/http-api.md#passwords for a new account, so they are checked before anything is sent. Other
   * servers state their own.
   */
  ourRules: boolean;
  /** Who may register; undefined if it is not known. */
  registration: Registration | undefined;
}

const unknown: KnownRules = { ourRules: false, registration: undefined };

const empty = { invite: "", username: "", password: "", repeated: "", error: undefined, busy: false };

/** The first run, or `/login`: register or log in. */
export function chooseForm(canLeave: boolean): Form {
  return { ...empty, step: "choose", first: "choose", purpose: "register", reason: undefined, canLeave };
}

/** The token is no longer valid: asks for the password of the same user. */
export function passwordForm(username: string | null, reason: string): Form {
  const step = username === null ? "username" : "password";
  return { ...empty, step, first: step, purpose: "login", username: username ?? "", reason, canLeave: true };
}

/** One event on the form; pure. While `busy` it takes nothing but `refused`. */
export function nextForm(form: Form, event: FormEvent, known: KnownRules = unknown): FormOutcome {
  if (event.type === "refused") {
    const { error, step, password } = event;
    return { form: { ...form, busy: false, password, repeated: "", error, step }, effect: "nothing" };
  }
  if (form.busy) return { form, effect: "nothing" };
  switch (event.type) {
    case "insert":
      return { form: insert(form, event.text.split(/[\r\n]/)[0] ?? "", known), effect: "nothing" };
    case "backspace":
      return { form: edit(form, (text) => Array.from(text).slice(0, -1).join("")), effect: "nothing" };
    case "clear":
      return { form: edit(form, () => ""), effect: "nothing" };
    case "other":
      return { form: form.step === "choose" ? other(form) : form, effect: "nothing" };
    case "enter":
      return enter(form, known);
    case "back":
      return back(form, known);
  }
}

function insert(form: Form, text: string, known: KnownRules): Form {
  if (form.step !== "choose") return edit(form, (old) => old + text);
  const letter = text.trim().toLowerCase();
  if (letter === "1" || letter === "r") return chosen({ ...form, purpose: "register" }, known);
  if (letter === "2" || letter === "l") return chosen({ ...form, purpose: "login" }, known);
  return form;
}

const wantsCode = ({ purpose }: Form, { registration }: KnownRules) =>
  purpose === "register" && registration === "invite";

/** The first step of what was chosen. */
function chosen(form: Form, known: KnownRules): Form {
  if (form.purpose === "register" && known.registration === "closed")
    return { ...form, error: "This server takes no new accounts." };
  return { ...form, error: undefined, step: wantsCode(form, known) ? "invite" : "username" };
}

function edit(form: Form, change: (text: string) => string): Form {
  if (form.step === "choose") return form;
  if (form.step === "invite") return { ...form, error: undefined, invite: change(form.invite) };
  if (form.step === "username") return { ...form, error: undefined, username: change(form.username) };
  if (form.step === "password") return { ...form, error: undefined, password: change(form.password) };
  return { ...form, error: undefined, repeated: change(form.repeated) };
}

function other(form: Form): Form {
  return { ...form, error: undefined, purpose: form.purpose === "register" ? "login" : "register" };
}

function enter(form: Form, known: KnownRules): FormOutcome {
  const to = (change: Partial<Form>): FormOutcome => ({
    form: { ...form, error: undefined, ...change },
    effect: "nothing",
  });
  if (form.step === "choose") return { form: chosen(form, known), effect: "nothing" };
  if (form.step === "invite") {
    if (form.invite.trim() === "") return to({ error: "Type the code of your invitation." });
    return form.password === "" ? to({ step: "username" }) : send(form);
  }
  const isNew = known.ourRules && form.purpose === "register";
  if (form.step === "username") {
    const username = form.username.trim();
    if (username === "") return to({ error: "Type a username." });
    const faults = isNew ? usernameFaults(username) : [];
    if (faults.length > 0) return to({ error: `The username ${faults.join(", and ")}.` });
    return form.password === "" ? to({ username, step: "password" }) : send({ ...form, username });
  }
  if (form.password === "") return to({ error: "Type a password.", step: "password" });
  const faults = isNew && form.step === "password" ? passwordFaults(form.password) : [];
  if (faults.length > 0) return to({ error: `The password must ${faults.join(", and ")}.`, password: "" });
  if (form.purpose === "register" && form.step === "password") return to({ step: "repeat" });
  if (form.step === "repeat" && form.repeated !== form.password)
    return to({ error: "The two passwords differ.", password: "", repeated: "", step: "password" });
  return send(form);
}

function send(form: Form): FormOutcome {
  const { username, password, purpose } = form;
  const invite = form.invite.trim();
  return {
    form: { ...form, password: "", repeated: "", error: undefined, busy: true },
    effect: "send",
    credentials: { username, password, ...(purpose === "register" && invite !== "" && { invite }) },
  };
}

function back(form: Form, known: KnownRules): FormOutcome {
  if (form.step === form.first) return { form, effect: form.canLeave ? "leave" : "nothing" };
  const step = stepBefore(form, known);
  return { form: { ...form, step, password: "", repeated: "", error: undefined }, effect: "nothing" };
}

function stepBefore(form: Form, known: KnownRules): Form["step"] {
  if (form.step === "repeat") return "password";
  if (form.step === "password") return "username";
  return form.step === "username" && wantsCode(form, known) ? "invite" : "choose";
}
