import { hasOurRules } from "../protocol/limits.ts";
import { createAccount, type Account } from "./account.ts";
import { createAsking, type Waiting } from "./asking.ts";
import { isNamed } from "./connection.ts";
import { createRoom } from "./create-room.ts";
import { createCompacting, type Compacting } from "./compacting.ts";
import { chooseForm, nextForm, type FormEvent } from "./form.ts";
import { isOwn, offerAgain } from "./lost.ts";
import { refusedLength } from "./context.ts";
import type { Images } from "./images.ts";
import { createModels, type Models } from "./models.ts";
import type { SessionOptions } from "./room.ts";
import { createPrompts, type Prompts } from "./prompts.ts";
import { createRoles, type Roles } from "./roles.ts";
import { createSaver, type Saver } from "./saving.ts";
import { createSending } from "./sending.ts";
import { imagesIn, refusedImages } from "./sent-images.ts";
import { createSigningIn } from "./signing-in.ts";
import { isAnswering, isBusy, resumable, type State } from "./state.ts";
import type { Line, Tone } from "./transcript.ts";
import { counted } from "../text/numbers.ts";
import type { Versions } from "./versions.ts";

/** Milliseconds between two looks at the balance that nobody asked for. */
const LOOK_MS = 60_000;

/** A conversation with one server, without a screen. What happens is in `say` and in the state. */
export interface Session {
  readonly state: State;
  /** The server's name, as shown to people. */
  readonly server: string;
  /** The same in a sentence: `your own server on this machine`, or its host. */
  readonly place: string;
  /** Its address, or `local`, as it stands behind `-s`. */
  readonly address: string;
  readonly commandName: string;
  /** The key that stops an answer, in words. */
  readonly stopKey: string;
  /** Milliseconds of the clock at which the answer last grew. */
  readonly lastData: number;
  /** Called after each change of the state; returns what unsubscribes. */
  subscribe(listener: () => void): () => void;
  /** Requests the balance and what the server offers; opens the form if nobody is logged in. */
  start(): Promise<void>;
  /**
   * Sends a question; during an answer it joins the queue. False, and nothing is sent, while something is loading or the
   * form is open, or if it is too long for the server; then it prints that.
   */
  ask(text: string): boolean;
  /** The images of this session: `add` returns the label that stands for one in a question. */
  readonly images: Pick<Images, "add">;
  /** Why a question cannot be sent as it is: it is too long, or because of its images. */
  refusal(text: string): readonly string[] | undefined;
  /** Sends what a stopped queue holds, one question after the other. */
  sendQueue(): void;
  /** Returns the last question of the queue to the composer. */
  takeBack(): void;
  /** Asks the last question again: under the same key if it failed or was stopped, else as a new one. */
  retry(): void;
  /** Stops the queue and the answer, keeps what arrived, and prints what it cost; after its end, stops the requests that follow it. */
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
  /** The saved conversations: resumes one, renames, pins, exports or deletes this one, finds others. */
  readonly saver: Pick<
    Saver,
    "resume" | "rename" | "pin" | "answers" | "markdown" | "remove" | "choices" | "search" | "searchAmong"
  >;
  /** The versions of turns: lists them, goes on with one, or with a fork. */
  readonly versions: Versions;
  /** Sums the conversation up. */
  readonly compacting: Pick<Compacting, "asks" | "run">;
  /** The models of the server, to choose from. */
  readonly models: Models;
  /** The user's instructions for every answer. */
  readonly roles: Roles;
  /** Texts of the user, which are sent by their names. */
  readonly prompts: Prompts;
  /** Changes the server: another login, another balance, a new conversation. Nothing changes if it is this one. */
  moveTo(server: string): Promise<void>;
  /** The ID that resumes the conversation with all that was said; undefined where it isn't saved. */
  resumable(): string | undefined;
  /** The window got the focus: the balance is requested, at most once a minute. */
  focused(): void;
  /** The command that resumes the conversation, once it is saved. */
  wayBack(): string | undefined;
  form(event: FormEvent): void;
  note(tone: Tone, ...lines: Line[]): void;
  /** Resolves when no request is pending. */
  idle(): Promise<void>;
}

/** Milliseconds that what is printed at the beginning waits for model and balance, which are printed above it. */
const LONGEST_GREETING_MS = 300;

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
  const prompts = createPrompts(options.prompts);
  const roles = createRoles(room, saver);
  const asking = createAsking(room, { account, saver });
  const signingIn = createSigningIn(room, {
    account,
    load,
    async onSignedIn(isAccepted) {
      former = undefined;
      const waiting = asking.takeWaiting();
      if (!isAccepted) {
        if (waiting !== undefined) giveBack(waiting, "The question was not sent.");
        else await begin();
        return false;
      }
      if (waiting === undefined) return begin();
      send(() => asking.ask(waiting.message, waiting));
      return false;
    },
  });

  let looked = room.now();
  const { send } = createSending(room, { subscribe, run, asking });

  const compacting = createCompacting(room, { account, saver, load, send });
  let askedRole = options.role?.isAsked === true ? options.role : undefined;
  /** The role that was asked for wins over that of the conversation with which the session begins. */
  const takeAskedRole = async () => {
    const asked = askedRole;
    askedRole = undefined;
    if (asked !== undefined && state().conversation !== undefined) await roles.take(asked.role);
  };

  let { pending, unsent = [] } = options;
  /**
   * Loads the conversation that the options name, once; by default that of a question whose session was killed. `choose` is
   * up to the face.
   */
  const begin = async (): Promise<boolean> => {
    const lost = pending;
    const id = lost !== undefined && isOwn(lost, room) ? lost.conversation : undefined;
    const wanted = beginning ?? (id === undefined ? undefined : { kind: "id", id });
    const { length } = unsent;
    pending = beginning = undefined;
    unsent = [];
    let isBegun = true;
    if (wanted?.kind === "newest") isBegun = await saver.resumeNewest();
    if (wanted?.kind === "id") isBegun = await saver.resume(wanted.id);
    if (isBegun && wanted !== undefined && wanted.kind !== "choose") await takeAskedRole();
    if (length > 0) note("dim", `Not sent by an earlier session: ${counted(length, "question")}.`);
    if (lost !== undefined) await offerAgain(lost, room);
    return isBegun;
  };

  const resume = async (id: string): Promise<boolean> => {
    const isResumed = await resumeThere(id);
    if (isResumed) await takeAskedRole();
    return isResumed;
  };

  const resumeThere = async (id: string): Promise<boolean> => {
    if (isAnswering(state().phase)) {
      note("dim", `A conversation can be opened when the answer is complete; ${room.stopKey} stops it.`);
      return false;
    }
    if (options.saving?.everywhere !== true) return load(() => saver.resume(id));
    let isMoved = false;
    const isResumed = await load(async () => {
      const server = await saver.serverOf(id);
      if (server === undefined) return false;
      if (server !== room.name && !(isMoved = (await leaveFor(server, true)) !== undefined)) return false;
      return load(() => saver.resume(id));
    });
    if (isMoved) await settleIn(true);
    return isResumed;
  };

  const refusal = (text: string) => {
    const length = refusedLength(state(), text);
    if (length !== undefined) return [length, "Nothing was sent: shorten it, and send it again."];
    return refusedImages(state(), imagesIn(room, text));
  };

  const savedId = () => (options.saving?.save === true ? resumable(state()) : undefined);

  /** Changes the server, and says how to come back. Returns what leads back. */
  const leaveFor = async (typed: string, toResume: boolean): Promise<(() => void) | undefined> => {
    const { place } = room;
    const left = savedId();
    const back = await moveTo(typed, toResume);
    if (back !== undefined && left !== undefined)
      note("dim", `To go on with the last one, at ${place}: ${options.commandName} -r ${left}`);
    return back;
  };

  const giveBack = ({ message }: Waiting, why: string) => {
    note("dim", why);
    room.say({ type: "giveBack", text: message });
  };

  const atMost = async (work: Promise<unknown>, milliseconds: number) => {
    const over = new AbortController();
    const pause = room.sleep(milliseconds, over.signal).catch(() => undefined);
    await Promise.race([work, pause]);
    over.abort();
  };

  /** Leads back to the server before, while the form of `/server` is open. */
  let former: (() => void) | undefined;
  const leaveForm = () => {
    dispatch({ type: "form", form: undefined });
    const waiting = asking.takeWaiting();
    if (waiting !== undefined) giveBack(waiting, "Not logged in: the question was not sent.");
    else former?.();
    former = undefined;
  };

  const settleIn = async (canLeave: boolean) => {
    const { signedIn } = state();
    if (!signedIn) dispatch({ type: "form", form: chooseForm(canLeave) });
    await Promise.all([account.learnOffer(), ...(signedIn ? [account.greet()] : [])]);
    // What was learned hours ago must not keep anybody from registering.
    if (!signedIn && isRestricted(state())) await account.learnAnew();
  };

  return {
    commandName: options.commandName,
    stopKey: options.stopKey,
    account: { ...account, logOut: () => load(() => account.logOut()) },
    saver: {
      resume,
      rename: saver.rename,
      pin: saver.pin,
      answers: () => saver.answers(),
      markdown: () => load(() => saver.markdown()),
      remove: () => load(() => saver.remove()),
      choices: () => load(() => saver.choices()),
      search: (text) => load(() => saver.search(text)),
      searchAmong: (...wanted) => saver.searchAmong(...wanted),
    },
    versions: {
      choices: (turn) => load(() => saver.versions.choices(turn)),
      choose: (id) => load(() => saver.versions.choose(id)),
      fork: (turn) => load(() => saver.versions.fork(turn)),
    },
    compacting,
    models: {
      choices: () => load(() => models.choices()),
      choose: (name) => load(() => models.choose(name)),
    },
    prompts,
    roles: {
      choices: () => load(() => roles.choices()),
      choose: (name) => load(() => roles.choose(name)),
      edit: (...named) => load(() => roles.edit(...named)),
    },
    get state() {
      return state();
    },
    get server() {
      return room.server;
    },
    get place() {
      return room.place;
    },
    get address() {
      return room.name;
    },
    get lastData() {
      return Math.max(asking.lastData, compacting.lastData);
    },
    subscribe,
    async start() {
      const { signedIn } = state();
      const settled = settleIn(false);
      if (signedIn)
        await load(async () => {
          const prints = beginning !== undefined || pending !== undefined || unsent.length > 0;
          if (prints) await atMost(settled, LONGEST_GREETING_MS);
          return begin();
        });
      await settled;
      room.say({ type: "begun" });
    },
    images: room.images,
    refusal,
    ask(text) {
      const { phase, form } = state();
      if (phase.kind === "loading" || form !== undefined) return false;
      const why = refusal(text);
      if (why !== undefined) {
        note("error", ...why);
        // The operator may have changed what the models take.
        run(account.learnAnew());
        return false;
      }
      if (isBusy(state())) dispatch({ type: "queued", question: text });
      else send(() => asking.ask(text));
      return true;
    },
    sendQueue: () => dispatch({ type: "queueSent" }),
    takeBack() {
      const text = state().queue.questions.at(-1);
      if (text === undefined) return;
      dispatch({ type: "takenBack" });
      room.say({ type: "giveBack", text });
    },
    retry: () => send(() => asking.retry()),
    stop() {
      dispatch({ type: "queueStopped" });
      asking.stop();
      compacting.stop();
    },
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
      if (isNamed(room.name, typed)) return note("dim", `This is ${room.place} already.`);
      let back: (() => void) | undefined;
      await load(async () => (back = await leaveFor(typed, false)) !== undefined);
      if (back === undefined) return;
      former = back;
      await settleIn(true);
      if (state().form === undefined) former = undefined;
    },
    focused() {
      const { signedIn, phase, form } = state();
      if (!signedIn || phase.kind !== "idle" || form !== undefined || room.now() - looked < LOOK_MS) return;
      looked = room.now();
      void account.tryBalance();
    },
    resumable: savedId,
    wayBack() {
      const id = savedId();
      return id === undefined ? undefined : `To go on: ${options.commandName} -r ${id}`;
    },
    openForm: () => dispatch({ type: "form", form: chooseForm(true) }),
    form(event) {
      const { form } = state();
      if (form === undefined) return;
      const { extensions, registration } = state();
      const ourRules = room.local || hasOurRules(extensions);
      const outcome = nextForm(form, event, { ourRules, registration });
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

const isRestricted = ({ registration }: Pick<State, "registration">) =>
  registration === "invite" || registration === "closed";
