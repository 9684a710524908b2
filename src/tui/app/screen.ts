import { edit } from "../composer/editor.ts";
import { commandOf, defaultKeymap, type Keymap } from "../composer/keymap.ts";
import { fullText, sentText } from "../composer/editor-state.ts";
import { thawed } from "../composer/files.ts";
import { keptText } from "../composer/kept-text.ts";
import type { Display } from "../markdown/display.ts";
import type { ChatOptions, ClipboardImage } from "../options.ts";
import { CHAT_BODY_BYTES } from "../../protocol/limits.ts";
import type { Form } from "../../session/form.ts";
import { mostCharacters, refusedLength } from "../../session/context.ts";
import type { Choice } from "../../session/finding.ts";
import type { Session } from "../../session/session.ts";
import { isBusy } from "../../session/state.ts";
import { namedKey, type Key } from "../terminal/key.ts";
import { createAttaching } from "./attaching.ts";
import { createEffects, type EffectOptions } from "./effects.ts";
import { createFormFocus } from "./form-focus.ts";
import { isTyping, pressInForm } from "./form-keys.ts";
import { createImagePaste, noImageWords } from "./image-paste.ts";
import { paste, press } from "./press.ts";
import { createPromptList } from "./prompt-list.ts";
import { createSendWithFiles } from "./send-with-files.ts";
import { createPicker, type Picker } from "./picker.ts";
import { choicesAtOnce } from "./picker-hint.ts";
import { createPickerSearch } from "./picker-search.ts";
import type { Scribe } from "./scribe.ts";
import { createSender, type SenderOptions } from "./sender.ts";
import { createTicker } from "./ticker.ts";
import { composerColumns, createView, draftOf, giveBack, type ViewState } from "./view-state.ts";
import { TICK_MS } from "./working.ts";

export interface ScreenOptions extends SenderOptions, EffectOptions {
  look: () => Display;
  /** The rows of the terminal. */
  rows: () => number;
  history: readonly string[];
  /** Called with what is being typed, after each key. */
  onDraft: (text: string) => void;
  /** The files that a question may name. */
  finder?: ChatOptions["finder"];
  /** Ctrl-V: the image of the clipboard. */
  pasteImage?: (() => Promise<ClipboardImage>) | undefined;
  now: () => number;
}

/** What is drawn, and what keys do: the view model, without React. */
export interface Screen {
  readonly view: ViewState;
  readonly session: Session;
  /** The form, in place of the composer; it may be open without being shown yet. */
  readonly form: Form | undefined;
  readonly scribe: Scribe;
  readonly look: () => Display;
  readonly now: () => number;
  readonly keys: Keymap;
  /** Nothing is drawn any more. */
  readonly isLeaving: boolean;
  /** Grows with every change. */
  readonly version: number;
  subscribe(listener: () => void): () => void;
  changed(): void;
  key(key: Key): void;
  paste(text: string): void;
  /** Inserts text as if it were typed; it is never sent by itself. */
  insert(text: string): void;
  /** Puts a draft back: text that `onDraft` got. */
  restore(text: string): void;
  /** Inserts what was typed before anything was drawn. Before a form it is dropped: it may be a name or a password. */
  typedAhead(text: string): void;
  /** `toEdit`: it is to be changed, so its files are read again. */
  giveBack(text: string, toEdit?: boolean): void;
  /** Shows conversations or models to choose from. */
  choose(choices: readonly Choice[], of?: Picker["of"]): void;
  /** Stops the answer, clears the live area, and stops the timers. */
  close(): void;
}

/** Creates the screen; one ticker runs while the session is not idle. */
export function createScreen(options: ScreenOptions): Screen {
  const { session, scribe, look, keys = defaultKeymap } = options;
  const listeners = new Set<() => void>();
  let view = createView(options.history);
  let version = 0;
  let isLeaving = false;

  const changed = () => {
    version += 1;
    for (const listener of listeners) listener();
  };

  /** Keeps the draft, and draws the view. */
  const settle = () => {
    options.onDraft(draftOf(view));
    changed();
  };

  const pickerSearch = createPickerSearch({
    search: (...wanted) => session.saver.searchAmong(...wanted),
    change(edit) {
      if (view.picker === undefined) return;
      view = { ...view, picker: edit(view.picker) };
      changed();
    },
    crash: options.crash,
  });

  const ticker = createTicker(changed, TICK_MS);
  const unsubscribe = session.subscribe(() => {
    ticker.follow(session.state.phase.kind !== "idle");
    changed();
    if (view.isWaiting && session.state.phase.kind !== "loading") endWaiting();
  });

  const focus = createFormFocus({ open: () => session.state.form, onShown: changed, now: options.now });

  const imagePaste = createImagePaste({
    read: options.pasteImage,
    crash: options.crash,
    taken(found) {
      if (isLeaving) return;
      if (found.kind === "image") attach(session.images.add(found.image));
      else view = { ...view, hint: noImageWords[found.kind] };
      changed();
    },
  });

  const attaching = createAttaching({
    finder: options.finder,
    view: () => view,
    change(edit) {
      if (isLeaving) return;
      view = edit(view);
      attaching.follow();
      changed();
    },
    most: () => mostCharacters(session.state) ?? CHAT_BODY_BYTES,
    addImage: (image) => session.images.add(image),
    crash: options.crash,
  });

  const sender = createSender(options);
  const sendNow = (text: string, literal: boolean, blocks?: readonly string[]) => {
    // Sending may change the view (a question that is returned), so it is read before and after.
    const before = view;
    const after = sender.send(before, text, literal, blocks);
    if (after !== before) view = after;
  };

  const send = createSendWithFiles({
    session,
    attaching,
    view: () => view,
    setView: (next) => void (view = next),
    send: sendNow,
    settle,
    isLeaving: () => isLeaving,
    crash: options.crash,
  });

  const promptList = createPromptList({
    prompts: session.prompts,
    found(prompts) {
      if (prompts.length === 0 && view.prompts === undefined) return;
      view = { ...view, prompts };
      changed();
    },
    crash: options.crash,
  });

  const effects = createEffects(options, {
    send(text, literal) {
      focus.ready();
      send(text, literal);
    },
    pasteImage: () => imagePaste.start(),
    change: (edit) => (view = edit(view)),
    changed,
  });

  /** Loading is over: the text that waits is sent, unless loading failed or something else has the keys now. */
  const endWaiting = () => {
    const { phase, form } = session.state;
    view = { ...view, isWaiting: false, hint: undefined };
    if (phase.kind !== "idle" || phase.isLoaded !== true || form !== undefined || view.picker !== undefined)
      return;
    const pressed = press(view, namedKey("enter"), { ...around(), keys: defaultKeymap });
    view = pressed.view;
    effects.perform(pressed.effect);
    settle();
  };

  const formKey = (form: Form, key: Key) => {
    const meaning = pressInForm(form, key, view.armed);
    view = { ...view, armed: false, hint: undefined };
    if (meaning.kind === "session") effects.perform(meaning.effect);
    // A login is under way: what is typed meanwhile is the next question.
    else if (form.busy && isTyping(meaning.event)) view = press(view, key, around()).view;
    else session.form(meaning.event);
  };

  const composerKey = (key: Key) => {
    if (focus.isWaiting && key.name === "enter") return focus.ready();
    focus.typed();
    const pressed = press(view, key, around());
    const cleared = pressed.effect.kind === "none" && pressed.view.editor.text === "";
    if (imagePaste.isReading && pressed.effect.kind === "send") {
      view = { ...view, hint: "Kept: the image of the clipboard is being read." };
      return;
    }
    const meaning = commandOf(key, keys);
    const isInterrupt = meaning?.kind === "session" && meaning.command === "interrupt";
    if (cleared && isInterrupt && view.editor.text !== "") {
      options.onSent(keptText(view.editor));
      // A person who clears the question does not want the next one to replace it.
      session.stopEditing();
    }
    view = pressed.view;
    effects.perform(pressed.effect);
  };

  const around = () => ({
    columns: composerColumns(look().columns),
    busy: isBusy(session.state),
    queue: session.state.queue,
    isLoading: session.state.phase.kind === "loading",
    page: choicesAtOnce(options.rows(), look()),
    keys,
  });

  /** Inserts the label of an image as one mark. */
  const attach = (label: string) => {
    const { columns } = around();
    const editor = edit(view.editor, { type: "insertWhole", text: label }, columns);
    const [hint] = session.refusal(fullText(editor)) ?? [];
    view = { ...view, editor, hint, searching: undefined };
    options.onDraft(draftOf(view));
  };

  const afterInput = () => {
    pickerSearch.follow(view.picker);
    attaching.follow();
    settle();
  };

  const insert = (text: string, type: "insert" | "recall" = "insert") => {
    if (text === "") return;
    const { columns } = around();
    view = { ...view, editor: edit(view.editor, { type, text }, columns) };
    attaching.follow();
    settle();
  };

  return {
    session,
    scribe,
    look,
    keys,
    now: options.now,
    get form() {
      return focus.current();
    },
    get view() {
      return view;
    },
    get isLeaving() {
      return isLeaving;
    },
    get version() {
      return version;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    changed,
    key(key) {
      if (isLeaving) return;
      const form = focus.current();
      if (form !== undefined) formKey(form, key);
      else composerKey(key);
      promptList.follow(view.editor);
      afterInput();
    },
    paste(text) {
      if (isLeaving) return;
      const form = focus.current();
      if (form === undefined || form.busy) {
        view = paste(view, text, around());
        // Shown before it is sent, because the paste may have been meant for another window.
        view = { ...view, hint: refusedLength(session.state, fullText(view.editor)) };
      } else session.form({ type: "insert", text });
      afterInput();
    },
    insert,
    restore: (text) => insert(text, "recall"),
    typedAhead(text) {
      if (session.state.signedIn) insert(text);
    },
    giveBack(text, toEdit = false) {
      view = giveBack(view, text);
      // What is typed there instead is another question, which must not replace the last one.
      if (sentText(view.editor).trim() !== text.trim()) session.stopEditing();
      else if (toEdit) view = { ...view, editor: thawed(view.editor) };
      settle();
    },
    choose(choices, of) {
      view = { ...view, picker: createPicker(choices, of) };
      changed();
    },
    close() {
      isLeaving = true;
      session.stop();
      changed();
      unsubscribe();
      ticker.close();
      pickerSearch.close();
      effects.close();
      focus.close();
    },
  };
}
