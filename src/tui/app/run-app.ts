import { isMissing } from "../../disk/errors.ts";
import { counted } from "../../text/numbers.ts";
import type { Display } from "../markdown/display.ts";
import type { ChatEnd, ChatOptions } from "../options.ts";
import { createLiveStdout, type LiveStdout } from "../terminal/live-stdout.ts";
import type { Terminal } from "../terminal/modes.ts";
import { reflowOfAnswers } from "../terminal/reflow.ts";
import { buildScreen } from "./build-screen.ts";
import { createEnding } from "./ending.ts";
import { openKeyboard } from "./keyboard.ts";
import type { Screen } from "./screen.ts";
import { nameText } from "./opening.ts";
import { noteText } from "./words.ts";

/** The drawn session. Resolves when it has ended and the terminal is restored; to "fault" after a bug. */
export async function runApp(options: ChatOptions): Promise<ChatEnd> {
  const { stdout, intro, version } = options;
  const ending = createEnding();
  const live = createLiveStdout(stdout, { reflow: options.terminal.reflow });
  const keyboard = openKeyboard(options, ending);
  const look = lookOf(options, live, keyboard.terminal);
  if (intro !== undefined) stdout.write(nameText(version, look()));
  let screen: Screen | undefined;
  try {
    screen = buildScreen(options, { live, ending, look, terminal: keyboard.terminal });
    giveDraft(screen, options);
    // Ink and React are loaded meanwhile.
    const { draw } = await import("./draw.tsx");
    await keyboard.settled();
    keyboard.attach(screen);
    void learn(keyboard.terminal, live, screen);
    await draw(screen, live, ending, options);
  } catch (error) {
    ending.crash(error);
  } finally {
    live.dispose();
    await keyboard.close();
  }
  // Leaving may have stopped a question: what it cost is printed below everything.
  await screen?.session.idle();
  const end = await ending.ended;
  const unsent = screen?.session.state.queue.questions.length ?? 0;
  if (unsent > 0 && options.draft !== undefined)
    stdout.write(
      noteText("dim", [`Not sent: ${counted(unsent, "question")}. The next session shows it again.`], look()),
    );
  const wayBack = screen?.session.wayBack();
  if (wayBack !== undefined) stdout.write(noteText("dim", [wayBack], look()));
  return end === undefined ? "left" : tellCrash(end.fault, options);
}

function giveDraft(screen: Screen, { draft }: ChatOptions): void {
  if (draft?.found === undefined) return;
  // As if it were typed: a command in it stays one.
  screen.restore(draft.found.text);
}

/** Takes what the terminal answers, after which another palette may apply. */
async function learn(terminal: Terminal, live: LiveStdout, screen: Screen): Promise<void> {
  const reflow = reflowOfAnswers(await terminal.answers);
  if (reflow !== undefined) live.setReflow(reflow);
  screen.changed();
}

function lookOf({ terminal: traits }: ChatOptions, live: LiveStdout, terminal: Terminal): () => Display {
  const { color, ascii, theme = "ansi", links = false, lacks } = traits;
  const palette = () => (theme === "auto" ? (terminal.background ?? "ansi") : theme);
  return () => ({ columns: live.columns, color, palette: palette(), ascii, links: color && links, lacks });
}

/** Whether a file of the program is gone, which it loads when it first needs it. */
const isReplaced = (fault: unknown): boolean =>
  isMissing(fault) && "path" in fault && /[\\/]dist[\\/][\w-]+\.js$/.test(String(fault.path));

function tellCrash(fault: unknown, { stderr, commandName, debug, draft }: ChatOptions): ChatEnd {
  const name = fault instanceof Error ? fault.name : "unknown";
  const kept = draft === undefined ? "" : ", and what you were typing is kept";
  const [why, more] = isReplaced(fault)
    ? ["Another version of ai-chat was installed, so", ""]
    : [`A fault of ai-chat (${name}):`, "   With AI_CHAT_DEBUG=1 such an end tells where the fault is."];
  stderr.write(`${why} the session had to end. What was said stands above${kept}.\n`);
  stderr.write(`Start it again: ${commandName}${more}\n`);
  if (debug) stderr.write(`${fault instanceof Error ? fault.stack : String(fault)}\n`);
  return "fault";
}
