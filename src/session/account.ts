import { USAGE_DAYS } from "../protocol/limits.ts";
import { ClientError } from "../client/failure.ts";
import { refusesNewToken } from "../client/new-login.ts";
import { troubleLines, wantsLogin } from "./failure.ts";
import { hasKey, loginWord } from "./connection.ts";
import { chooseForm, passwordForm } from "./form.ts";
import { nextWords } from "../client/next-tokens.ts";
import { counted } from "../text/numbers.ts";
import { questionsLeft } from "./money.ts";
import type { Room } from "./room.ts";

/** Days that `/usage` shows without a number. */
const DAYS = 7;

/** Codes that mean that the token is no longer valid: there is nothing to revoke. */
const ended = new Set<string>(["invalid_token", "expired_token", "missing_token", "not_logged_in"]);

/** The account at the server: its balance, its usage, its login. */
export interface Account {
  /** Requests the balance; ignores a failure, but resolves to one that refuses a token that was just given. */
  tryBalance(signal?: AbortSignal): Promise<ClientError | undefined>;
  /** Requests the first balance: an invalid token opens the form, another failure is printed. */
  greet(): Promise<void>;
  /** Requests the price, the model, and whether the limits of this API hold. Never rejects. */
  learnOffer(): Promise<void>;
  /** Requests them anew, also if they are known. Never rejects. */
  learnAnew(signal?: AbortSignal): Promise<void>;
  /** Requests price and models anew if an answer cost another price than the one that is known. Never rejects. */
  checkPrice(cost: number | null, signal: AbortSignal): Promise<void>;
  /** Prints the balance. */
  show(): Promise<void>;
  /** Prints the usage of the last days; `typed` is their number. */
  showUsage(typed: string): Promise<void>;
  /** Forgets the login on this machine, then revokes it at the server. A token of the environment is only left for this session. */
  logOut(): Promise<void>;
}

export function createAccount(room: Room): Account {
  const { dispatch, note, state } = room;

  /** Runs it, and prints a failure. */
  const printing = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      if (error.code === "not_logged_in")
        note("error", `You are not logged in to ${room.place}.`, "/login logs in, or registers.");
      else note("error", ...troubleLines(error));
    }
  };

  const refresh = async (signal?: AbortSignal) => {
    const { client } = room;
    const { tokens, next, username } = await client.balance(signal);
    // The session may be at another server by now.
    if (room.client === client) dispatch({ type: "balance", tokens, username });
    return next;
  };

  /** Revokes the token; the reason if the server still accepts it. */
  const revoke = async (): Promise<string | undefined> => {
    try {
      await room.client.logout();
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      if (!ended.has(error.code)) return error.message;
    }
    return undefined;
  };

  const learnOffer = async () => {
    const { client } = room;
    const offer = await client.offer();
    if (room.client === client) dispatch({ type: "offer", ...offer });
  };

  const learnAnew = async (signal?: AbortSignal) => {
    // Also a server without a choice of models is asked anew by this.
    await room.client.models(signal).catch(() => undefined);
    await learnOffer();
  };

  return {
    async tryBalance(signal) {
      try {
        await refresh(signal);
      } catch (error) {
        if (error instanceof ClientError && refusesNewToken(error)) return error;
      }
      return undefined;
    },
    async greet() {
      try {
        await refresh();
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        if (wantsLogin(error))
          dispatch({
            type: "form",
            form: passwordForm(state().username, `Your ${loginWord(room.client)} is no longer valid.`),
          });
        else if (error.code !== "not_offered") note("warn", ...troubleLines(error));
      }
    },
    learnOffer,
    learnAnew,
    async checkPrice(cost, signal) {
      const { price, models, offered } = state();
      const isTold = models.length > 0 || offered.price !== null;
      if (!isTold || price === null || cost === null || cost === price) return;
      await learnAnew(signal);
    },
    show: () =>
      printing(async () => {
        const next = await refresh();
        const { tokens } = state();
        const left = questionsLeft(state());
        const questions = left === null ? [] : [`${counted(left, "question")} left`];
        note("info", [
          tokens === null ? "The server doesn't tell." : counted(tokens, "token"),
          ...questions,
          ...(next ? [nextWords(next, room.wallClock())] : []),
        ]);
      }),
    showUsage: (typed) =>
      printing(async () => {
        const days = typed === "" ? DAYS : Number(typed);
        if (!/^\d*$/.test(typed) || days < 1 || days > USAGE_DAYS.most)
          return note("dim", `/usage takes the days to look back, 1 to ${USAGE_DAYS.most}.`);
        const used = await room.client.usage(days);
        room.say({ type: "usage", used });
        if (used.tokens !== null) dispatch({ type: "balance", tokens: used.tokens });
      }),
    async logOut() {
      const { place, isBorrowed } = room;
      // A login in the file is not the one in use if the token is of the environment.
      if (!isBorrowed) await room.forgetLogin();
      dispatch({ type: "signedOut" });
      dispatch({ type: "form", form: { ...chooseForm(false), busy: true } });
      const why = isBorrowed ? undefined : await revoke();
      note("dim", isBorrowed ? `Logged out of ${place} in this session.` : `Logged out of ${place}.`);
      if (isBorrowed && hasKey(room.client))
        note("dim", "The API key in AI_CHAT_TOKEN is not ended by this.");
      if (isBorrowed) note("dim", "AI_CHAT_TOKEN is still set, and used again by the next one.");
      if (why !== undefined) note("dim", `There the token stays valid until it ends by itself: ${why}`);
      dispatch({ type: "form", form: chooseForm(false) });
    },
  };
}
