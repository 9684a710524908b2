import type { TerminalAnswers } from "./modes.ts";

/**
 * What a terminal does to the lines on its screen when it becomes narrower than they are:
 * - exact: it wraps them, and the cursor stays at its character (VTE, kitty, iTerm2, WezTerm, Windows Terminal, tmux);
 * - xterm.js: it wraps all but the cursor's own line, and rows added below the cursor push the cursor down as well;
 * - none: it cuts them.
 */
export type Reflow = "exact" | "xterm.js" | "none";

/** Which of them this terminal is, by the environment it sets. */
export function reflowOf(env: Record<string, string | undefined>): Reflow {
  if (env.TMUX) return "exact";
  if (env.STY || env.TERM === "linux") return "none";
  if (env.TERM_PROGRAM === "vscode" || env.TERM_PROGRAM === "Hyper") return "xterm.js";
  return env.XTERM_VERSION && !env.TERM_PROGRAM ? "none" : "exact";
}

/**
 * The same by what the terminal answered; undefined: that doesn't tell. One that answers nothing at all is no terminal
 * but an emulator behind a recorder, and those are xterm.js.
 */
export function reflowOfAnswers({
  device,
  silent,
}: Pick<TerminalAnswers, "device" | "silent">): Reflow | undefined {
  if (silent || device === "0;276;0") return "xterm.js";
  const model = device?.split(";")[0];
  return model === "41" || model === "83" ? "none" : undefined; // xterm itself, GNU screen
}
