import { hasOurRules } from "../protocol/limits.ts";
import { createAccount } from "./account.ts";
import { createAsking, type Waiting } from "./asking.ts";
import { createBeginning } from "./beginning.ts";
import { createRoom } from "./create-room.ts";
import { createCompacting } from "./compacting.ts";
import { chooseForm, nextForm } from "./form.ts";
import { refusedLength } from "./context.ts";
import { createModels } from "./models.ts";
import { createMoving } from "./moving.ts";
import type { SessionOptions } from "./room.ts";
import { createPrompts } from "./prompts.ts";
import { createRoles } from "./roles.ts";
import { createSaver } from "./saving.ts";
import { createSending } from "./sending.ts";
import { imagesIn, refusedImages } from "./sent-images.ts";
import type { Session } from "./session.ts";
import { createSigningIn } from "./signing-in.ts";
import { isBusy } from "./state.ts";

/** Milliseconds between two looks at the balance that nobody asked for. */
const LOOK_MS = 60_000;

/** Milliseconds that what is printed at the beginning waits for model and balance, which are printed above it. */
const LONGEST_GREETING_MS = 300;

/** Creates the session of `chat`; starts nothing before `start`. */
export function createSession(options: SessionOptions): Session {
  const { room, subscribe, changeServer } = createRoom(options);
  const { dispatch, note, state } = room;
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
  const beginning = createBeginning(room, { saver, takeRole: roles.take });
  const moving = createMoving(room, { changeServer, account, saver, load });
  const asking = createAsking(room, { account, saver });
  const signingIn = createSigningIn(room, {
    account,
    load,
    async onSignedIn(isAccepted) {
      moving.stay();
      const waiting = asking.takeWaiting();
      if (!isAccepted) {
        if (waiting !== undefined) giveBack(waiting, "The question was not sent.");
        else await beginning.begin();
        return false;
      }
      if (waiting === undefined) return beginning.begin();
      send(() => asking.ask(waiting.message, waiting));
      return false;
    },
  });

  let looked = room.now();
  const { send } = createSending(room, { subscribe, run, asking });

  const compacting = createCompacting(room, { account, saver, load, send });
  const resume = async (id: string): Promise<boolean> => {
    const isResumed = await moving.resume(id);
    if (isResumed) await beginning.takeAskedRole();
    return isResumed;
  };

  const refusal = (text: string) => {
    const length = refusedLength(state(), text);
    if (length !== undefined) return [length, "Nothing was sent: shorten it, and send it again."];
    return refusedImages(state(), imagesIn(room, text));
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

  const leaveForm = () => {
    dispatch({ type: "form", form: undefined });
    const waiting = asking.takeWaiting();
    if (waiting !== undefined) giveBack(waiting, "Not logged in: the question was not sent.");
    else moving.goBack();
    moving.stay();
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
      const settled = moving.settleIn(false);
      if (signedIn)
        await load(async () => {
          if (beginning.prints) await atMost(settled, LONGEST_GREETING_MS);
          return beginning.begin();
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
    moveTo: (server) => moving.moveTo(server),
    focused() {
      const { signedIn, phase, form } = state();
      if (!signedIn || phase.kind !== "idle" || form !== undefined || room.now() - looked < LOOK_MS) return;
      looked = room.now();
      void account.tryBalance();
    },
    resumable: () => moving.savedId(),
    wayBack() {
      const id = moving.savedId();
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
