import type { TerminalAnswers } from "./modes.ts";

/**
 * What a terminal does to lines on its screen that are longer than its new width:
 * - exact: it wraps them, and the cursor stays at its character (VTE, kitty, iTerm2, WezTerm, Windows Terminal, tmux);
 * - xterm.js: it wraps all but the cursor's line, and rows that this adds below the cursor also push the cursor down;
 * - none: it truncates them.
 */
export type Reflow = "exact" | "xterm.js" | "none";

/** Guesses the kind from the environment variables that terminals set. */
export function reflowOf(env: Record<string, string | undefined>): Reflow {
  if (env.TMUX) return "exact";
  if (env.STY || env.TERM === "linux") return "none";
  if (env.TERM_PROGRAM === "vscode" || env.TERM_PROGRAM === "Hyper") return "xterm.js";
  return env.XTERM_VERSION && !env.TERM_PROGRAM ? "none" : "exact";
}

/**
 * The kind by the terminal's answers; undefined: they don't show it. Only emulators behind a recorder answer nothing, and
 * those are xterm.js.
 */
export function reflowOfAnswers({
  device,
  silent,
}: Pick<TerminalAnswers, "device" | "silent">): Reflow | undefined {
  if (silent || device === "0;276;0") return "xterm.js";
  const model = device?.split(";")[0];
  return model === "41" || model === "83" ? "none" : undefined; // xterm itself, GNU screen
}
