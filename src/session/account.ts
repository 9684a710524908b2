import { USAGE_DAYS } from "../protocol/limits.ts";
import { ClientError } from "../client/failure.ts";
import { troubleLines } from "./failure.ts";
import { chooseForm, passwordForm } from "./form.ts";
import { counted } from "../text/numbers.ts";
import { questionsLeft } from "./money.ts";
import { hasOurRules } from "../client/http/offer.ts";
import type { Room } from "./room.ts";

/** Days that `/usage` shows without a number. */
const DAYS = 7;

/** What the server doesn't know any more needs no taking back. */
const ended = new Set<string>(["invalid_token", "expired_token", "missing_token", "not_logged_in"]);

/** The account of the server that a session is on: its balance, its use, its login. */
export interface Account {
  /** Asks for the balance; a failure is no matter. */
  tryBalance(signal?: AbortSignal): Promise<void>;
  /** The first balance: a token that no longer holds opens the form, other trouble is told. */
  greet(): Promise<void>;
  /** Learns price, model, how long a question may be, and whose rules there are for a new account. Never rejects. */
  learnOffer(): Promise<void>;
  /** Tells the balance. */
  show(): Promise<void>;
  /** Tells what was used; `typed` is the number of days. */
  showUsage(typed: string): Promise<void>;
  /** Forgets the login here, then there where the server takes tokens back; one of the environment only for this session. */
  logOut(): Promise<void>;
}

export function createAccount(room: Room): Account {
  const { dispatch, note, state } = room;

  /** Runs it; what goes wrong is told. */
  const told = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      if (error.code === "not_logged_in")
        note("error", `You are not logged in to ${room.server}.`, "/login logs in, or registers.");
      else note("error", ...troubleLines(error));
    }
  };

  const refresh = async (signal?: AbortSignal) => {
    const { tokens } = await room.client.balance(signal);
    dispatch({ type: "balance", tokens });
  };

  /** Why the server still takes the token; undefined where it doesn't. */
  const takenBack = async (): Promise<string | undefined> => {
    try {
      await room.client.logout();
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      if (!ended.has(error.code)) return error.message;
    }
    return undefined;
  };

  return {
    tryBalance: (signal) => refresh(signal).catch(() => undefined),
    async greet() {
      try {
        await refresh();
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        if (error.status === 401)
          dispatch({ type: "form", form: passwordForm(state().username, "Your login is no longer valid.") });
        else if (error.code !== "not_offered") note("warn", ...troubleLines(error));
      }
    },
    async learnOffer() {
      const { price, model, extensions } = await room.client.offer();
      dispatch({ type: "offer", price, model, ourRules: hasOurRules(extensions) });
    },
    show: () =>
      told(async () => {
        await refresh();
        const { tokens } = state();
        const left = questionsLeft(state());
        const questions = left === null ? [] : [`${counted(left, "question")} left`];
        note("info", [tokens === null ? "The server doesn't tell." : counted(tokens, "token"), ...questions]);
      }),
    showUsage: (typed) =>
      told(async () => {
        const days = typed === "" ? DAYS : Number(typed);
        if (!/^\d*$/.test(typed) || days < 1 || days > USAGE_DAYS.most)
          return note("dim", `/usage takes the days to look back, 1 to ${USAGE_DAYS.most}.`);
        const used = await room.client.usage(days);
        room.say({ type: "usage", used });
        if (used.tokens !== null) dispatch({ type: "balance", tokens: used.tokens });
      }),
    async logOut() {
      const { server, isBorrowed } = room;
      // A login that is kept beside a token of the environment isn't the one that is in use.
      if (!isBorrowed) await room.forgetLogin();
      dispatch({ type: "signedOut" });
      dispatch({ type: "form", form: { ...chooseForm(false), busy: true } });
      const why = isBorrowed ? undefined : await takenBack();
      note("dim", isBorrowed ? `Logged out of ${server} in this session.` : `Logged out of ${server}.`);
      if (isBorrowed) note("dim", "AI_CHAT_TOKEN is still set, and used again by the next one.");
      if (why !== undefined) note("dim", `There the token stays valid until it ends by itself: ${why}`);
      dispatch({ type: "form", form: chooseForm(false) });
    },
  };
}
