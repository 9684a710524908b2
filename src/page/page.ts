import type { AboutReply } from "../protocol/replies.ts";
import { counted } from "../text/numbers.ts";
import * as api from "./api.ts";
import { createChat, type Chat } from "./chat.ts";
import { createComposer } from "./composer.ts";
import { byId } from "./dom.ts";
import { Failure, troubleWords, wantsLogin } from "./failure.ts";
import { openKeptLogin, type Login } from "./kept-login.ts";
import { createModelChoice } from "./model-choice.ts";
import { createSignIn } from "./sign-in.ts";

const views = ["starting", "sign-in", "chat"] as const;

function showView(name: (typeof views)[number]): void {
  for (const view of views) byId(view, HTMLElement).hidden = view !== name;
  for (const id of ["account", "kept"]) byId(id, HTMLElement).hidden = name !== "chat";
}

const sameAccount = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

/** What the server says of itself is known: the page begins. */
function begin(about: AboutReply, models: api.Models): void {
  const kept = openKeptLogin();
  let login: Login | undefined;
  /** Whose conversation is on the page. */
  let owner: string | undefined;

  const showBalance = (tokens: number | null) => {
    byId("balance", HTMLElement).textContent = tokens === null ? "" : counted(tokens, "token");
  };

  const enter = (next: Login) => {
    if (owner !== undefined && !sameAccount(owner, next.name)) chat.clear();
    login = next;
    owner = next.name;
    kept.note(true);
    byId("name", HTMLElement).textContent = next.name;
    showView("chat");
    composer.focus();
    void chat.refresh();
  };

  const leave = (why: string, isLoggedOut: boolean) => {
    const name = owner;
    if (login) kept.forget(login, isLoggedOut);
    login = undefined;
    if (isLoggedOut) {
      chat.clear();
      owner = undefined;
    }
    kept.note(false);
    showView("sign-in");
    signIn.open(why, name);
  };

  const composer = createComposer({ onSend: () => void chat.send(), onStop: () => chat.stop() });
  const chat: Chat = createChat({
    composer,
    choice: createModelChoice(models),
    token: () => login?.token ?? "",
    onExpired: () => leave("Your login is no longer valid. Sign in, and your question is still here.", false),
    onBalance: showBalance,
    onName: (name) => {
      owner = name;
      byId("name", HTMLElement).textContent = name;
    },
  });
  const signIn = createSignIn(about, (next, isKept) => {
    if (isKept) kept.keep(next);
    enter(next);
  });

  const logOut = async () => {
    const token = login?.token;
    leave("You are logged out.", true);
    if (token === undefined) return;
    await api.logOut(token).catch((error: unknown) => {
      if (error instanceof Failure && wantsLogin(error)) return;
      signIn.open("You are logged out here. The server could not be reached, and does not know of it.");
    });
  };

  byId("new", HTMLButtonElement).addEventListener("click", () => {
    const draft = composer.text;
    chat.clear();
    composer.giveBack(draft);
    composer.focus();
  });
  byId("log-out", HTMLButtonElement).addEventListener("click", () => void logOut());
  kept.onLoggedOut((token) => {
    if (token === login?.token) leave("You logged out in another tab.", true);
  });
  document.addEventListener("visibilitychange", () => {
    // Another tab can have spent something.
    if (login && !document.hidden && !chat.isAsking()) void chat.refresh();
  });
  addEventListener("beforeunload", (event) => {
    if (chat.isAsking()) event.preventDefault();
  });

  const known = kept.read();
  if (known) return enter(known);
  showView("sign-in");
  signIn.open(
    kept.wasSignedIn()
      ? "The page was loaded again, which ended your login here and the conversation. Sign in again."
      : "",
  );
}

async function start(): Promise<void> {
  const words = byId("starting-words", HTMLElement);
  const again = byId("connect-again", HTMLButtonElement);
  words.textContent = "Connecting …";
  again.hidden = true;
  try {
    const [about, models] = await Promise.all([api.about(), api.models()]);
    begin(about, models);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    words.textContent = troubleWords(error).join(" ");
    again.hidden = false;
  }
}

const { origin, pathname } = location;
byId("command", HTMLElement).textContent =
  `npx ai-chat-system --server ${origin}${pathname.replace(/\/$/, "")}`;
byId("connect-again", HTMLButtonElement).addEventListener("click", () => void start());
void start();
