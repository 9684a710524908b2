import { ClientError } from "../../client/client-error.ts";
import { createAsking } from "./asking.ts";
import { chooseForm, nextForm, passwordForm, type FormEvent } from "./form.ts";
import { counted, questionsLeft } from "./money.ts";
import type { Place, Room, SessionOptions } from "./room.ts";
import { createSaver, type Choice } from "./saving.ts";
import { createSigningIn } from "./signing-in.ts";
import { firstState, reduce, type Event, type State } from "./state.ts";
import type { Tone } from "./transcript.ts";

/** A conversation with one server, without a screen. What happens is told by `say` and by the state. */
export interface Session {
  readonly state: State;
  /** The server's name, as shown to people. */
  readonly server: string;
  /** Its address, or `local`, as it stands behind `-s`. */
  readonly address: string;
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
  /** The last question goes back to where it was typed; the next one takes its place. */
  edit(): void;
  /** Leaves the last question as it was. */
  stopEditing(): void;
  /** Goes on with a saved conversation; the beginning of its ID will do. */
  resume(id: string): Promise<void>;
  rename(title: string): Promise<void>;
  /** Saved conversations of this server, latest first; with a text, those that hold it. */
  choices(text?: string): Promise<Choice[]>;
  /** Changes the server: another login, another balance, a new conversation. */
  moveTo(server: string): Promise<void>;
  /** What a person types to come back, once there is something to come back to. */
  wayBack(): string | undefined;
  logOut(): Promise<void>;
  form(event: FormEvent): void;
  note(tone: Tone, ...lines: string[]): void;
  /** Resolves when nothing is under way any more. */
  idle(): Promise<void>;
}

/** Creates the session of `chat`; starts nothing before `start`. */
export function createSession(options: SessionOptions): Session {
  let place: Place = options;
  let beginning = options.beginning;
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
    const { tokens } = await place.client.balance();
    dispatch({ type: "balance", tokens });
  };
  const tryBalance = () => refreshBalance().catch(() => undefined);
  const room: Room = {
    ...options,
    get server() {
      return place.server;
    },
    get local() {
      return place.local;
    },
    get client() {
      return place.client;
    },
    get keptAs() {
      return place.local ? "local" : place.client.server;
    },
    saveLogin: (entry) => place.saveLogin(entry),
    forgetLogin: () => place.forgetLogin(),
    wallClock: options.wallClock ?? options.now,
    state: () => state,
    dispatch,
    note,
    refreshBalance,
    tryBalance,
    keep: (...turn) => saver.keep(...turn),
  };
  const saver = createSaver(room);
  const asking = createAsking(room);
  const signingIn = createSigningIn(room, {
    onSignedIn: () => {
      const waiting = asking.takeWaiting();
      if (waiting !== undefined) run(asking.ask(waiting.message, waiting));
      else run(begin());
    },
  });

  /** The conversation that was asked for at the start, once: `choose` is for whoever shows the session. */
  const begin = async () => {
    const wanted = beginning;
    beginning = undefined;
    if (wanted?.kind === "newest") await saver.resumeNewest();
    if (wanted?.kind === "id") await saver.resume(wanted.id);
  };

  const learnOffer = async () => {
    const { price, model } = await place.client.offer();
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

  const settleIn = async (canLeave: boolean) => {
    if (!state.signedIn) dispatch({ type: "form", form: chooseForm(canLeave) });
    await Promise.all([learnOffer(), ...(state.signedIn ? [firstBalance()] : [])]);
  };

  return {
    get state() {
      return state;
    },
    get server() {
      return place.server;
    },
    get address() {
      return room.keptAs;
    },
    get lastData() {
      return asking.lastData;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async start() {
      if (state.signedIn) await begin();
      await settleIn(false);
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
    edit() {
      const { last, phase } = state;
      if (phase.kind !== "idle") return;
      if (last === undefined) return note("dim", "There is no question to edit.");
      dispatch({ type: "editing", on: true });
      options.say({ type: "giveBack", text: last.message, toEdit: true });
    },
    stopEditing() {
      if (state.editing) dispatch({ type: "editing", on: false });
    },
    resume: (id) => saver.resume(id),
    rename: (title) => saver.rename(title),
    choices: (text) => (text === undefined ? saver.choices() : saver.search(text)),
    async moveTo(typed) {
      if (options.connectTo === undefined) return note("dim", "The server can't be changed here.");
      try {
        place = await options.connectTo(typed);
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        return note("error", error.message, ...(error.hint === undefined ? [] : [error.hint]));
      }
      dispatch({ type: "moved", entry: place.entry });
      note("dim", `Now on ${place.server}, in a new conversation.`);
      await settleIn(true);
    },
    wayBack() {
      const { conversation } = state;
      return conversation === undefined ? undefined : `To go on: ${options.commandName} -r ${conversation}`;
    },
    openForm: () => dispatch({ type: "form", form: chooseForm(true) }),
    async logOut() {
      await place.forgetLogin();
      dispatch({ type: "signedOut" });
      note("dim", `Logged out of ${place.server}. The conversation is gone from here.`);
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
