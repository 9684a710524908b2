import { passwordFaults } from "../protocol/password-rules.ts";
import type { AboutReply, Registration } from "../protocol/replies.ts";
import { usernameFaults } from "../protocol/username-rules.ts";
import { counted } from "../text/numbers.ts";
import * as api from "./api.ts";
import { byId } from "./dom.ts";
import { Failure, troubleWords } from "./failure.ts";
import type { Login } from "./kept-login.ts";

export interface SignIn {
  /** Shows the form, with the reason why. */
  open(why: string, name?: string): void;
}

const registrationWords: Readonly<Record<Registration, string>> = {
  open: "",
  invite: "To create an account here you need an invitation code from whoever runs this server.",
  closed: "Nobody can create an account here. Ask whoever runs this server for one.",
};

/** What the rules say against a new account; undefined if nothing. */
function faultOf({ username, password }: api.Credentials): string | undefined {
  const faults = [
    ...usernameFaults(username).map((fault) => `The name ${fault}.`),
    ...passwordFaults(password).map((must) => `The password must ${must}.`),
  ];
  return faults.length > 0 ? faults.join("\n") : undefined;
}

/** The form for signing in and for creating an account. `onLogin` gets the login, and whether this browser may keep it. */
export function createSignIn(
  { registration, starting_tokens: tokens }: Pick<AboutReply, "registration" | "starting_tokens">,
  onLogin: (login: Login, isKept: boolean) => void,
): SignIn {
  const title = byId("sign-in-title", HTMLElement);
  const why = byId("why", HTMLElement);
  const username = byId("username", HTMLInputElement);
  const password = byId("password", HTMLInputElement);
  const invite = byId("invite", HTMLInputElement);
  const stay = byId("stay", HTMLInputElement);
  const trouble = byId("sign-in-trouble", HTMLElement);
  const submit = byId("submit", HTMLButtonElement);
  const other = byId("other-form", HTMLButtonElement);
  let isNew = false;

  const choose = (wantsNew: boolean) => {
    isNew = wantsNew;
    title.textContent = isNew ? "Create an account" : "Sign in";
    submit.textContent = title.textContent;
    other.textContent = isNew ? "Sign in instead" : "Create an account";
    password.autocomplete = isNew ? "new-password" : "current-password";
    byId("invitation", HTMLElement).hidden = !isNew;
    invite.required = isNew && registration === "invite";
    trouble.textContent = "";
  };

  const send = async () => {
    const credentials = { username: username.value.trim(), password: password.value };
    const code = invite.value.trim();
    if (isNew) {
      const fault = faultOf(credentials);
      if (fault !== undefined) throw new Failure("invalid_request", fault);
      await api.register({ ...credentials, ...(code !== "" && { invite: code }) });
      // What fails from here on is a login.
      choose(false);
    }
    const token = await api.logIn(credentials);
    password.value = "";
    invite.value = "";
    onLogin({ token, name: credentials.username }, stay.checked);
  };

  byId("registration", HTMLElement).textContent = registrationWords[registration];
  byId("invite-label", HTMLElement).textContent =
    registration === "invite" ? "Invitation code" : "Invitation code, if you have one";
  other.hidden = registration === "closed";
  other.addEventListener("click", () => {
    choose(!isNew);
    why.textContent = isNew ? `A new account gets ${counted(tokens, "token")}.` : "";
    username.focus();
  });
  byId("sign-in-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    if (submit.disabled) return;
    submit.disabled = true;
    trouble.textContent = "";
    send()
      .catch((error: unknown) => {
        trouble.textContent = wordsFor(error, isNew);
      })
      .finally(() => {
        submit.disabled = false;
      });
  });

  return {
    open(reason, name) {
      choose(false);
      why.textContent = reason;
      if (name !== undefined) username.value = name;
      password.value = "";
      (username.value === "" ? username : password).focus();
    },
  };
}

function wordsFor(error: unknown, isNew: boolean): string {
  if (!(error instanceof Failure)) throw error;
  const words = troubleWords(error);
  if (isNew && error.code === "lost") words.push("The account may have been created: try to sign in.");
  return words.join("\n");
}
