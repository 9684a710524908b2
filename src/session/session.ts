import { createAccount, type Account } from "./account.ts";
import { createAsking, type Waiting } from "./asking.ts";
import { createRoom } from "./create-room.ts";
import { chooseForm, nextForm, type FormEvent } from "./form.ts";
import { tooLong } from "../protocol/question-length.ts";
import { createModels, type Models } from "./models.ts";
import type { SessionOptions } from "./room.ts";
import { createSaver, type Saver } from "./saving.ts";
import { createSigningIn } from "./signing-in.ts";
import { isAnswering, resumable, type State } from "./state.ts";
import type { Line, Tone } from "./transcript.ts";
import type { Versions } from "./versions.ts";

/** A conversation with one server, without a screen. What happens is in `say` and in the state. */
export interface Session {
  readonly state: State;
  /** The server's name, as shown to people. */
  readonly server: string;
  /** Its address, or `local`, as it stands behind `-s`. */
  readonly address: string;
  /** Milliseconds of the clock at which the answer last grew. */
  readonly lastData: number;
  /** Called after each change of the state; returns what unsubscribes. */
  subscribe(listener: () => void): () => void;
  /** Requests the balance and what the server offers; opens the form if nobody is logged in. */
  start(): Promise<void>;
  /**
   * Sends a question. False, and nothing is sent, while another one is being answered or something is loading, or if it
   * is too long for the server; then it prints that.
   */
  ask(text: string): boolean;
  /** Asks the last question again: under the same key if it failed or was stopped, else as a new one. */
  retry(): void;
  /** Stops the answer, keeps what arrived, and prints what it cost; after its end, stops the requests that follow it. */
  stop(): void;
  /** Starts a new conversation. */
  clear(): void;
  /** The account: `show` and `showUsage` print it. */
  readonly account: Pick<Account, "show" | "showUsage" | "logOut">;
  openForm(): void;
  /** Returns the last question to the composer; the next question replaces it. */
  edit(): void;
  /** Ends `edit` without a change. */
  stopEditing(): void;
  /** The saved conversations: resumes one, renames this one, finds others. */
  readonly saver: Pick<Saver, "resume" | "rename" | "choices" | "search" | "searchAmong">;
  /** The versions of turns: lists them, goes on with one, or with a fork. */
  readonly versions: Versions;
  /** The models of the server, to choose from. */
  readonly models: Models;
  /** Changes the server: another login, another balance, a new conversation. */
  moveTo(server: string): Promise<void>;
  /** The command that resumes the conversation, once it is saved. */
  wayBack(): string | undefined;
  form(event: FormEvent): void;
  note(tone: Tone, ...lines: Line[]): void;
  /** Resolves when no request is pending. */
  idle(): Promise<void>;
}

/** Creates the session of `chat`; starts nothing before `start`. */
export function createSession(options: SessionOptions): Session {
  const { room, subscribe, moveTo } = createRoom(options);
  const { dispatch, note, state } = room;
  let beginning = options.beginning;
  let loads = 0;
  /**
   * Runs what changes the conversation, the server or the login: a question sent during that time would lack its
   * history, or go to the wrong server. What is typed meanwhile is sent afterwards if `work` resolves to true.
   */
  const load = async <T>(work: () => Promise<T>): Promise<T> => {
    let result: T | undefined;
    loads += 1;
    dispatch({ type: "loading", at: room.now() });
    try {
      result = await work();
      return result;
    } finally {
      loads -= 1;
      if (loads === 0) dispatch({ type: "loaded", isLoaded: result === true });
    }
  };
  const running = new Set<Promise<unknown>>();
  const run = (task: Promise<unknown>) => {
    running.add(task);
    void task.catch(options.crash).finally(() => running.delete(task));
  };

  const account = createAccount(room);
  const saver = createSaver(room);
  const models = createModels(room);
  const asking = createAsking(room, { account, saver });
  const signingIn = createSigningIn(room, {
    account,
    load,
    async onSignedIn(isAccepted) {
      const waiting = asking.takeWaiting();
      if (!isAccepted) {
        if (waiting !== undefined) giveBack(waiting, "The question was not sent.");
        else await begin();
        return false;
      }
      if (waiting === undefined) return begin();
      run(asking.ask(waiting.message, waiting));
      return false;
    },
  });

  /** Loads the conversation that the options name, once. `choose` is up to the face. */
  const begin = async (): Promise<boolean> => {
    const wanted = beginning;
    beginning = undefined;
    if (wanted?.kind === "newest") return saver.resumeNewest();
    if (wanted?.kind === "id") return saver.resume(wanted.id);
    return true;
  };

  const resume = async (id: string): Promise<boolean> => {
    if (isAnswering(state().phase)) {
      note("dim", "A conversation can be opened when the answer is complete; Esc stops it.");
      return false;
    }
    if (options.saving?.everywhere !== true) return load(() => saver.resume(id));
    let isMoved = false;
    const isResumed = await load(async () => {
      const server = await saver.serverOf(id);
      if (server === undefined) return false;
      if (server !== room.name && !(isMoved = await leaveFor(server, true))) return false;
      return load(() => saver.resume(id));
    });
    if (isMoved) await settleIn(true);
    return isResumed;
  };

  /** Changes the server, and says how to come back. */
  const leaveFor = async (typed: string, toResume: boolean): Promise<boolean> => {
    const { server } = room;
    const left = resumable(state());
    const isMoved = await moveTo(typed, toResume);
    if (isMoved && left !== undefined)
      note("dim", `To go on with the last one, on ${server}: ${options.commandName} -r ${left}`);
    return isMoved;
  };

  const giveBack = ({ message }: Waiting, why: string) => {
    note("dim", why);
    room.say({ type: "giveBack", text: message });
  };

  const leaveForm = () => {
    dispatch({ type: "form", form: undefined });
    const waiting = asking.takeWaiting();
    if (waiting !== undefined) giveBack(waiting, "Not logged in: the question was not sent.");
  };

  const settleIn = async (canLeave: boolean) => {
    const { signedIn } = state();
    if (!signedIn) dispatch({ type: "form", form: chooseForm(canLeave) });
    await Promise.all([account.learnOffer(), ...(signedIn ? [account.greet()] : [])]);
  };

  return {
    account: { ...account, logOut: () => load(() => account.logOut()) },
    saver: {
      resume,
      rename: saver.rename,
      choices: () => load(() => saver.choices()),
      search: (text) => load(() => saver.search(text)),
      searchAmong: (...wanted) => saver.searchAmong(...wanted),
    },
    versions: {
      choices: (turn) => load(() => saver.versions.choices(turn)),
      choose: (id) => load(() => saver.versions.choose(id)),
      fork: (turn) => load(() => saver.versions.fork(turn)),
    },
    models: {
      choices: () => load(() => models.choices()),
      choose: (name) => load(() => models.choose(name)),
    },
    get state() {
      return state();
    },
    get server() {
      return room.server;
    },
    get address() {
      return room.name;
    },
    get lastData() {
      return asking.lastData;
    },
    subscribe,
    async start() {
      if (state().signedIn) await load(begin);
      await settleIn(false);
    },
    ask(text) {
      const { phase, form, ourRules } = state();
      if (phase.kind !== "idle" || form !== undefined) return false;
      const refusal = ourRules ? tooLong(text) : undefined;
      if (refusal !== undefined) {
        note("error", refusal, "Nothing was sent: shorten it, and send it again.");
        return false;
      }
      run(asking.ask(text));
      return true;
    },
    retry: () => run(asking.retry()),
    stop: () => asking.stop(),
    clear() {
      if (state().phase.kind === "idle") dispatch({ type: "cleared" });
    },
    edit() {
      const { last, phase } = state();
      if (phase.kind !== "idle") return;
      if (last === undefined) return note("dim", "There is no question to edit.");
      dispatch({ type: "editing", on: true });
      room.say({ type: "giveBack", text: last.message, toEdit: true });
    },
    stopEditing() {
      if (state().editing) dispatch({ type: "editing", on: false });
    },
    async moveTo(typed) {
      if (await load(() => leaveFor(typed, false))) await settleIn(true);
    },
    wayBack() {
      const id = resumable(state());
      return id === undefined ? undefined : `To go on: ${options.commandName} -r ${id}`;
    },
    openForm: () => dispatch({ type: "form", form: chooseForm(true) }),
    form(event) {
      const { form } = state();
      if (form === undefined) return;
      const outcome = nextForm(form, event, room.local || state().ourRules);
      if (outcome.form !== form) dispatch({ type: "form", form: outcome.form });
      if (outcome.effect === "leave") leaveForm();
      else if (outcome.effect === "send") run(signingIn.send(outcome.form, outcome.credentials));
    },
    note,
    async idle() {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}
