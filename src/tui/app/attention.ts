import { isBusy, type State } from "../../session/state.ts";
import { oneLine } from "../../text/sanitize.ts";
import { glyphs } from "../markdown/display.ts";
import type { Notify, TerminalTraits } from "../options.ts";
import type { Terminal } from "../terminal/modes.ts";

/** Milliseconds that answers take at most without a notification. */
const LONG_MS = 10_000;
const LONGEST_TITLE = 80;
const BELL = "\u0007";

interface AttentionOptions {
  terminal: Pick<Terminal, "setTitle" | "hasFocus">;
  traits: Pick<TerminalTraits, "ascii" | "notifications">;
  notify?: Notify | undefined;
  write: (sequence: string) => void;
  now: () => number;
}

/**
 * Returns what is to be called with each state of the session: it sets the title of the window, and tells that the last
 * answer of the queue is there or failed (docs/session.md#attention).
 */
export function createAttention({ terminal, traits, notify = "off", write, now }: AttentionOptions) {
  let since: number | undefined;
  let isStopped = false;

  const isAway = () =>
    notify !== "off" && (terminal.hasFocus === undefined ? notify === "bell" : !terminal.hasFocus);

  return (state: State): void => {
    const name = nameOf(state);
    terminal.setTitle(isBusy(state) ? `${glyphs(traits).ellipsis} ${name}` : name);
    if (isBusy(state)) {
      since ??= now();
      isStopped ||= state.phase.kind === "settling";
      return;
    }
    const isLong = since !== undefined && now() - since > LONG_MS;
    if (isLong && !isStopped && isAway())
      // The word in front keeps a terminal from reading a number there as another command.
      write(notify === "auto" && traits.notifications ? `\u001b]9;ai-chat: ${name}${BELL}` : BELL);
    since = undefined;
    isStopped = false;
  };
}

/** The title of the conversation, safe for a terminal. */
function nameOf({ title }: State): string {
  return oneLine(title ?? "", LONGEST_TITLE) || "ai-chat";
}
