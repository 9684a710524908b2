import { render } from "ink";
import { loadHighlighter } from "../markdown/highlight.ts";
import type { ChatOptions } from "../options.ts";
import type { LiveStdout } from "../terminal/live-stdout.ts";
import { Boundary } from "./Boundary.tsx";
import type { Ending } from "./ending.ts";
import { layout } from "./ink-layout.ts";
import { Live } from "./Live.tsx";
import type { Screen } from "./screen.ts";

/** Typing is shown at twice the pace at which words of an answer come (see scribe.ts). */
const FRAMES_A_SECOND = 30;

/** Draws until the session ends; then nothing of the live area is left on the screen. */
export async function draw(
  screen: Screen,
  live: LiveStdout,
  ending: Ending,
  options: ChatOptions,
): Promise<void> {
  const { stdin, stderr } = options;
  const crash = (error: unknown) => ending.crash(error);
  await layout.loaded;
  const ink = render(
    <Boundary onCrash={crash}>
      <Live screen={screen} rows={() => live.rows} />
    </Boundary>,
    { stdout: live.stdout, stdin, stderr, exitOnCtrlC: false, maxFps: FRAMES_A_SECOND },
  );
  const stopResize = live.onResize(() => screen.changed());
  begin(screen, options).catch(crash);
  loadHighlighter().catch(crash);
  await ending.ended;
  stopResize();
  screen.close();
  // React draws nothing in a tick from now; only then may Ink go, else its last frame stays on the screen.
  await new Promise((resolve) => setImmediate(resolve));
  ink.unmount();
  await ink.waitUntilExit();
}

async function begin(screen: Screen, { beginning, keys }: ChatOptions): Promise<void> {
  // At once: a question sent before the choice would begin another conversation.
  const chosen = beginning?.kind === "choose" ? offerChoices(screen) : undefined;
  await Promise.all([screen.session.start(), chosen]);
  // Before, the first lines would be printed without what the server tells.
  if (keys !== undefined && keys.told.length > 0) screen.session.note("warn", ...keys.told);
}

async function offerChoices(screen: Screen): Promise<void> {
  const { session } = screen;
  const choices = await session.saver.choices();
  if (choices.length > 0) screen.choose(choices);
  else session.note("dim", "There is no saved conversation here yet; this is a new one.");
}
