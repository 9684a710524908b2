import { defaultKeymap, keyHelp } from "../composer/keymap.ts";
import { codeBlocks } from "../markdown/code-blocks.ts";
import type { Display } from "../markdown/display.ts";
import type { ChatOptions, Edited } from "../options.ts";
import type { CommandUi } from "../../session/command.ts";
import { runCommand } from "../../session/commands.ts";
import { sessionOptions } from "../session-options.ts";
import type { Session } from "../../session/session.ts";
import { createSession } from "../../session/create-session.ts";
import { osc52 } from "../terminal/clipboard.ts";
import type { LiveStdout } from "../terminal/live-stdout.ts";
import type { Terminal } from "../terminal/modes.ts";
import { openJob } from "../terminal/suspend.ts";
import { createAttention } from "./attention.ts";
import { editorTrouble } from "../editor-trouble.ts";
import type { Ending } from "./ending.ts";
import { openingText } from "./opening.ts";
import { createScreen, type Screen } from "./screen.ts";
import { createScribe } from "./scribe.ts";
import { comesBack } from "./view-state.ts";

interface Parts {
  live: LiveStdout;
  ending: Ending;
  look: () => Display;
  terminal: Terminal;
}

/** Connects the session, its writer and its keys. Draws nothing yet. */
export function buildScreen(options: ChatOptions, parts: Parts): Screen {
  const { live, ending, look } = parts;
  const { stdout, intro } = options;
  const keymap = options.keys?.keymap ?? defaultKeymap;
  const scribe = createScribe({
    opening:
      intro &&
      (() => openingText({ ...session.state, place: session.place }, intro, look(), options.keys?.keymap)),
    print: (text) => live.print(text),
    display: look,
    onChange: () => screen.changed(),
  });
  const session = createSession(
    sessionOptions(options, {
      say: (said) => (said.type === "giveBack" ? screen.giveBack(said.text, said.toEdit) : scribe.say(said)),
      again: (question) => (comesBack(screen.view, question) ? keymap.labelOf("enter") : "/retry"),
      stopKey: keymap.labelOf("escape"),
      crash: (error) => ending.crash(error),
    }),
  );
  keepUnsent(session, options.draft);
  const follow = createAttention({
    terminal: parts.terminal,
    traits: options.terminal,
    notify: options.notify,
    write: (sequence) => void stdout.write(sequence),
    now: Date.now,
  });
  follow(session.state);
  session.subscribe(() => follow(session.state));
  const ui: CommandUi = {
    print: (text) => scribe.print(text),
    async copy(text) {
      const sequence = osc52(text, options.terminal);
      if (sequence !== undefined) stdout.write(sequence);
      if ((await options.copyLocally?.(text)) === true) return "copied";
      if (options.terminal.term === "linux") return "none";
      return sequence === undefined ? "tooLarge" : "sent";
    },
    files: options.files,
    codeBlocks,
    choose: (choices) => screen.choose(choices),
    chooseModel: (choices) => screen.choose(choices, "models"),
    chooseRole: (choices) => screen.choose(choices, "roles"),
    editFile: options.editFile && ((path) => editorTrouble(inEditor(() => options.editFile?.(path)))),
    chooseVersion: (choices) => screen.choose(choices, "versions"),
    chooseText: (choices) => screen.choose(choices, "texts"),
    clearScreen: () => live.clearScreen(),
    quit: () => ending.leave(),
    keys: keyHelp(options.keys?.keymap),
  };
  const leave = () => {
    live.pause();
    parts.terminal.restore();
  };
  const back = () => {
    parts.terminal.resume();
    live.resume();
  };
  const again = () => {
    parts.terminal.restore();
    parts.terminal.resume();
    live.again();
  };
  const job = openJob({ signals: process, leave, back, again });
  void ending.ended.then(job.close);
  options.onExit?.(job.exit);
  const inEditor = (open: () => Edited | undefined): Edited => {
    leave();
    try {
      return open() ?? { kind: "unset" };
    } finally {
      back();
    }
  };
  const screen = createScreen({
    session,
    scribe,
    look,
    rows: () => live.rows,
    history: options.inputHistory?.entries ?? [],
    keys: options.keys?.keymap,
    onDraft: (text) => options.draft?.keep({ text }),
    finder: options.finder,
    editText: (text) => inEditor(() => options.editText?.(text)),
    pasteImage: options.pasteImage,
    onSent: (line) => options.inputHistory?.add(line),
    run: (command, argument, isAgreed) => runCommand(session, command, argument, ui, isAgreed),
    asks: (command, argument) => command.asks?.(session, argument, ui),
    redraw: () => live.clearScreen(),
    suspend: job.suspend,
    leave: () => ending.leave(),
    crash: (error) => ending.crash(error),
    now: Date.now,
  });
  return screen;
}

/** Keeps on disk what is in the queue, and what was found, so that no end of the process loses it. */
function keepUnsent(session: Session, draft: ChatOptions["draft"]): void {
  if (draft === undefined) return;
  if (draft.found !== undefined) draft.keep(draft.found);
  let kept = session.state.queue.questions;
  session.subscribe(() => {
    const { questions } = session.state.queue;
    if (questions !== kept) draft.keep({ queue: questions });
    kept = questions;
  });
}
