import type { TerminalTraits } from "../../tui/options.ts";

type Env = Record<string, string | undefined>;

/** Names of terminals without colour in terminfo; some with colour begin alike. */
const MONOCHROME = /^(?:dumb|unknown|network|sun|mach|xterm-r\d|rxvt-basic|vt(?!525)\d+)(?:-|$)|-m(?:ono)?$/;
/** Terminals that show neither italic nor struck text, GNU screen among them: it shows italic inverse. */
const PLAIN_LETTERS =
  /^(?:linux|ansi|pcansi|cygwin|cons25|wsvt25|Eterm|rxvt(?!-unicode)|xterm-(?:color|xfree86)|screen)/;
const LINKING_TERM = /^(?:xterm-kitty|xterm-ghostty|alacritty|foot|wezterm|contour)/;
const LINKING_PROGRAM = /^(?:iTerm\.app|WezTerm|vscode|ghostty|rio|Tabby)$/;

/** Whether the terminal that TERM names has no colour. Only on Windows a terminal sets no TERM. */
export function isMonochrome({ TERM = "" }: Env, platform: NodeJS.Platform = process.platform): boolean {
  if (TERM === "") return platform !== "win32";
  return MONOCHROME.test(TERM) && !TERM.includes("color");
}

/** Terminals without a window, or that would show the title as text. */
const TITLELESS = /^(?:dumb|unknown|network|linux|ansi|pcansi|cygwin|cons25|wsvt25|sun|mach|eterm|vt\d)/;
const NOTIFYING_TERM = /^(?:xterm-kitty|xterm-ghostty|foot|wezterm)/;
const NOTIFYING_PROGRAM = /^(?:iTerm\.app|WezTerm|ghostty|WarpTerminal)$/;

/** What the terminal shows beside colours; an escape sequence of another is dropped or shows something else. */
export function letterTraits(env: Env): Required<Pick<TerminalTraits, "links" | "lacks">> {
  return { links: hasLinks(env), lacks: lacks(env) };
}

/** What its window shows (docs/session.md#attention). */
export function windowTraits(
  env: Env,
  platform: NodeJS.Platform = process.platform,
): Required<Pick<TerminalTraits, "title" | "notifications">> {
  return { title: hasTitle(env, platform), notifications: hasNotifications(env) };
}

/** GNU screen does not give the title before back. */
function hasTitle({ TERM = "", TMUX, STY }: Env, platform: NodeJS.Platform): boolean {
  if (TERM === "") return platform === "win32";
  return !STY && !TITLELESS.test(TERM) && (Boolean(TMUX) || !TERM.startsWith("screen"));
}

/** Whether it shows OSC 9. tmux and GNU screen drop it, and pass the bell on. */
function hasNotifications({ TERM = "", TERM_PROGRAM = "", TMUX, STY }: Env): boolean {
  return !TMUX && !STY && (NOTIFYING_TERM.test(TERM) || NOTIFYING_PROGRAM.test(TERM_PROGRAM));
}

function lacks({ TERM = "", TERM_PROGRAM, TMUX }: Env): TerminalTraits["lacks"] & {} {
  if (PLAIN_LETTERS.test(TERM) && !TMUX) return ["italic", "strike"];
  return TERM_PROGRAM === "Apple_Terminal" || TERM.startsWith("rxvt") ? ["strike"] : [];
}

/** Whether it shows OSC 8 links. tmux and GNU screen do not say what the terminal around them shows. */
function hasLinks(env: Env): boolean {
  if (env.FORCE_HYPERLINK) return env.FORCE_HYPERLINK !== "0";
  if (env.TMUX || env.STY) return false;
  return (
    LINKING_TERM.test(env.TERM ?? "") ||
    LINKING_PROGRAM.test(env.TERM_PROGRAM ?? "") ||
    Boolean(env.WT_SESSION) ||
    // VTE since 0.50.1, the terminal of GNOME, Xfce and others.
    Number(env.VTE_VERSION ?? 0) > 5000
  );
}
