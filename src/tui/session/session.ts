import { ClientError } from "../../client/client-error.ts";
import { createAsking } from "./asking.ts";
import { chooseForm, nextForm, passwordForm, type FormEvent } from "./form.ts";
import { counted, questionsLeft } from "./money.ts";
import type { Room, SessionOptions } from "./room.ts";
import { createSigningIn } from "./signing-in.ts";
import { firstState, reduce, type Event, type State } from "./state.ts";
import type { Tone } from "./transcript.ts";

/** A conversation with one server, without a screen. What happens is told by `say` and by the state. */
export interface Session {
  readonly state: State;
  /** Milliseconds of the clock at which the answer last grew. */
  readonly lastData: number;
  /** Called after each change of the state; returns the way to stop it. */
  subscribe(listener: () => void): () => void;
  /** Asks for the balance and for what the server offers; opens the form where nobody is logged in. */
  start(): Promise<void>;
  /** Sends a question; false, and nothing happens, while another one is on its way. */
  ask(text: string): boolean;
  /** Asks the last question again: under the same key where it failed or was stopped, else as a new one. */
  retry(): void;
  /** Stops the answer, keeps what came, and tells what it cost. */
  stop(): void;
  /** Starts a new conversation. */
  clear(): void;
  /** Prints the balance. */
  showBalance(): Promise<void>;
  openForm(): void;
  logOut(): Promise<void>;
  form(event: FormEvent): void;
  note(tone: Tone, ...lines: string[]): void;
  /** Resolves when nothing is under way any more. */
  idle(): Promise<void>;
}

/** Creates the session of `chat`; starts nothing before `start`. */
export function createSession(options: SessionOptions): Session {
  let state = firstState(options.entry);
  const listeners = new Set<() => void>();
  const running = new Set<Promise<unknown>>();

  const note = (tone: Tone, ...lines: string[]) => options.say({ type: "note", tone, lines });
  const dispatch = (event: Event) => {
    state = reduce(state, event);
    for (const listener of listeners) listener();
  };
  const run = (task: Promise<unknown>) => {
    running.add(task);
    void task.finally(() => running.delete(task)).catch(() => undefined);
  };

  const refreshBalance = async () => {
    const { tokens } = await options.client.balance();
    dispatch({ type: "balance", tokens });
  };
  const tryBalance = () => refreshBalance().catch(() => undefined);
  const room: Room = { ...options, state: () => state, dispatch, note, refreshBalance, tryBalance };
  const asking = createAsking(room);
  const signingIn = createSigningIn(room, {
    onSignedIn: () => {
      const waiting = asking.takeWaiting();
      if (waiting !== undefined) run(asking.ask(waiting.message, waiting));
    },
  });

  const learnOffer = async () => {
    const { price, model } = await options.client.offer();
    dispatch({ type: "offer", price, model });
  };

  const firstBalance = async () => {
    try {
      await refreshBalance();
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      if (error.status === 401) {
        const reason = "Your login is no longer valid.";
        dispatch({ type: "form", form: passwordForm(state.username, reason) });
      } else if (error.code !== "not_offered")
        note("warn", error.message, ...(error.hint === undefined ? [] : [error.hint]));
    }
  };

  const leaveForm = () => {
    dispatch({ type: "form", form: undefined });
    const waiting = asking.takeWaiting();
    if (waiting === undefined) return;
    note("dim", "Not logged in: the question was not sent.");
    options.say({ type: "giveBack", text: waiting.message });
  };

  return {
    get state() {
      return state;
    },
    get lastData() {
      return asking.lastData;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async start() {
      if (!state.signedIn) dispatch({ type: "form", form: chooseForm(false) });
      await Promise.all([learnOffer(), ...(state.signedIn ? [firstBalance()] : [])]);
    },
    ask(text) {
      if (state.phase.kind !== "idle" || state.form !== undefined) return false;
      run(asking.ask(text));
      return true;
    },
    retry() {
      const { last, phase } = state;
      if (phase.kind !== "idle") return;
      if (last === undefined) return note("dim", "There is no question to ask again.");
      const price = state.price === null ? "" : ` for ${counted(state.price, "token")}`;
      if (last.outcome === "answered") note("dim", `A new question${price}.`);
      run(asking.ask(last.message, { before: last.before, again: last.outcome !== "answered" }));
    },
    stop: () => asking.stop(),
    clear() {
      if (state.phase.kind === "idle") dispatch({ type: "cleared" });
    },
    async showBalance() {
      try {
        await refreshBalance();
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        return note("error", error.message);
      }
      const left = questionsLeft(state);
      const questions = left === null ? [] : [`${counted(left, "question")} left`];
      const tokens = state.tokens === null ? "The server doesn't tell." : counted(state.tokens, "token");
      note("info", [tokens, ...questions].join(` ${options.dot} `));
    },
    openForm: () => dispatch({ type: "form", form: chooseForm(true) }),
    async logOut() {
      await options.forgetLogin();
      dispatch({ type: "signedOut" });
      note("dim", `Logged out of ${options.server}. The conversation is gone from here.`);
      dispatch({ type: "form", form: chooseForm(false) });
    },
    form(event) {
      if (state.form === undefined) return;
      const outcome = nextForm(state.form, event);
      if (outcome.form !== state.form) dispatch({ type: "form", form: outcome.form });
      if (outcome.effect === "leave") leaveForm();
      else if (outcome.effect === "send") run(signingIn.send(outcome.form, outcome.credentials));
    },
    note,
    async idle() {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}
