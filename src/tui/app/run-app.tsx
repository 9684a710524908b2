import { render } from "ink";
import { loadHighlighter } from "../markdown/highlight.ts";
import type { Look } from "../markdown/look.ts";
import type { ChatEnd, ChatOptions } from "../options.ts";
import { createKeyParser } from "../terminal/keys.ts";
import { createLiveStdout, type LiveStdout } from "../terminal/live-stdout.ts";
import { openTerminal, type Terminal } from "../terminal/modes.ts";
import { reflowOfAnswers } from "../terminal/reflow.ts";
import { Boundary } from "./Boundary.tsx";
import { buildScreen } from "./build-screen.ts";
import { createEnding, type Ending } from "./ending.ts";
import { Live } from "./Live.tsx";
import { noteText } from "./words.ts";

const FRAMES_A_SECOND = 15;

/** The drawn session. Resolves when the person has left and the terminal is as it was; exit code 1 after a fault of ours. */
export async function runApp(options: ChatOptions): Promise<ChatEnd> {
  const { stdin, stdout, stderr, signal } = options;
  const ending = createEnding();
  const live = createLiveStdout(stdout, { reflow: options.terminal.reflow });
  const look = lookOf(options, live);
  if (options.intro.length > 0) stdout.write(noteText("dim", options.intro, look()));

  let terminal: Terminal | undefined;
  const screen = buildScreen(options, { live, ending, look, terminal: () => terminal });
  const parser = createKeyParser({
    onKey: guarded(ending, (key) => screen.key(key)),
    onPaste: guarded(ending, (text) => screen.paste(text)),
    onReply: (reply) => terminal?.onReply(reply),
  });
  const onData = (chunk: Buffer) => parser.feed(chunk);
  const leave = () => ending.leave();
  const crash = (error: unknown) => ending.crash(error);
  const restore = () => terminal?.restore();
  process.once("exit", restore);
  signal?.addEventListener("abort", leave, { once: true });
  stdin.on("data", onData);
  stdin.on("end", leave);
  stdin.resume();
  terminal = openTerminal({ stdin, fd: descriptorOf(stdout) });
  void terminal.answers.then((answers) => {
    const reflow = reflowOfAnswers(answers);
    if (reflow !== undefined) live.setReflow(reflow);
  });

  const ink = render(
    <Boundary onCrash={crash}>
      <Live screen={screen} server={options.target.server} rows={() => live.rows} />
    </Boundary>,
    { stdout: live.stdout, stdin, stderr, exitOnCtrlC: false, maxFps: FRAMES_A_SECOND },
  );
  const stopResize = live.onResize(() => screen.changed());
  screen.session.start().catch(crash);
  void loadHighlighter();

  const end = await ending.ended;
  stopResize();
  screen.close();
  // React draws nothing in a tick from now; only then may Ink go, else its last frame stays on the screen.
  await new Promise((resolve) => setImmediate(resolve));
  ink.unmount();
  await ink.waitUntilExit().catch(() => undefined);
  live.dispose();
  parser.end();
  stdin.off("data", onData);
  stdin.off("end", leave);
  stdin.pause();
  restore();
  process.off("exit", restore);
  signal?.removeEventListener("abort", leave);
  await screen.session.idle();
  return end === undefined ? { exitCode: 0 } : tellCrash(end.fault, options);
}

function lookOf({ terminal }: ChatOptions, live: LiveStdout): () => Look {
  const { color, ascii } = terminal;
  return () => ({ columns: live.columns, color, ascii, links: color });
}

/** A fault in a key handler must end the session in order, not the process in raw mode. */
function guarded<T>(ending: Ending, handle: (value: T) => void): (value: T) => void {
  return (value) => {
    try {
      handle(value);
    } catch (error) {
      ending.crash(error);
    }
  };
}

/** Of a terminal's stream; the types know it of process.stdout alone. */
function descriptorOf(stream: NodeJS.WriteStream & { fd?: number }): number {
  return stream.fd ?? 1;
}

function tellCrash(fault: unknown, { stderr, commandName }: ChatOptions): ChatEnd {
  const name = fault instanceof Error ? fault.name : "unknown";
  stderr.write(`Something in this program went wrong (${name}); the session had to end.\n`);
  stderr.write(`What was said stands above. Start again with: ${commandName}\n`);
  return { exitCode: 1 };
}
