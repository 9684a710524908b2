import type { Finder } from "../client/files/finder.ts";
import type { TextFolders } from "../client/kept/own-texts.ts";
import type { SessionOptions } from "../session/room.ts";
import type { Connection } from "../session/connection.ts";
import type { Attached } from "../client/conversations/images.ts";
import type { TextFiles } from "../session/command.ts";
import type { Beginning, Saving } from "../session/saved.ts";
import type { Palette } from "./terminal/palette.ts";
import type { DraftFile } from "./composer/draft-file.ts";
import type { Keymap } from "./composer/keymap.ts";
import type { Reflow } from "./terminal/reflow.ts";

/** What the terminal can do, found out by the caller; nothing under src/tui reads an environment. */
export interface TerminalTraits {
  /** docs/cli.md#colour-and-characters: `--no-color`, `NO_COLOR`, `FORCE_COLOR`, then whether stdout is a terminal. */
  color: boolean;
  /** The colours; `auto` asks the terminal for its background. Default: ansi. */
  theme?: Palette | "auto";
  /** It shows OSC 8 links. Default: no. */
  links?: boolean;
  /** Its window has a title that can be set. Default: no. */
  title?: boolean;
  /** It shows notifications (OSC 9). Default: no. */
  notifications?: boolean;
  /** Styles that it does not show, with colour too. Default: none. */
  lacks?: readonly ("italic" | "strike")[];
  /** Only ASCII characters (docs/cli.md#colour-and-characters: a locale that is set and without UTF-8). */
  ascii: boolean;
  /** Under tmux (`TMUX` is set): OSC 52 needs its wrapping. */
  tmux: boolean;
  /** Under GNU screen (`STY` is set). */
  screen?: boolean;
  /** What `reflowOf(env)` says; "exact" where it isn't given. */
  reflow?: Reflow;
  /** `TERM`, or "". */
  term: string;
}

/** A notification where the terminal has them, else the bell; the bell; or nothing. */
export type Notify = "auto" | "bell" | "off";

/** What was typed before, kept between runs; `openHistory` of src/tui/composer/history-file.ts makes one. */
export interface InputHistory {
  /** Oldest first. */
  readonly entries: readonly string[];
  /** Never throws: what can't be kept is told once by the owner. */
  add(entry: string): void;
}

/** What a session that is gone did not send; see `openDraft` of composer/draft-file.ts. */
export type Draft = Pick<DraftFile, "found" | "keep"> & Partial<Pick<DraftFile, "images" | "keepImage">>;

/** What became of a text in an editor; `command` and `end` (its exit code or signal) are for people. */
export type Edited =
  | { kind: "text"; text: string }
  | { kind: "unset" | "unreachable" }
  | { kind: "missing"; command: string }
  | { kind: "failed"; end: string };

/** The image of the clipboard; too large to be sent; none; or there is no tool to read it. */
export type ClipboardImage = { kind: "image"; image: Attached } | { kind: "tooLarge" | "none" | "noTool" };

/** Everything that the session needs; `runChat` reads no argv, no environment, and no global stream. */
export interface ChatOptions {
  connection: Connection;
  /** Called with the reason if a login can't be saved, or forgotten, on this machine. */
  onLoginProblem?: (why: string) => void;
  stdin: NodeJS.ReadStream;
  /** The drawn session calls it before it reads stdin, where what was typed while the program loaded then is. */
  endReadAhead?: () => void;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  terminal: TerminalTraits;
  /** Line mode: no redraw, works without a terminal. The caller decides it (`--plain`, `ACCESSIBLE`, `TERM=dumb`). */
  plain: boolean;
  /** How it tells that a long answer is there while the window has no focus. Default: off. */
  notify?: Notify;
  /** The keys as the user set them, and what is to be said of that. */
  keys?: { keymap: Keymap | undefined; told: readonly string[] } | undefined;
  /** Whether a demo answers, and this user can connect a model; undefined: the session begins without a word. */
  intro: { isDemo: boolean } | undefined;
  version: string;
  /** How this program is called here, as `Program.name`. */
  commandName: string;
  /** Whether a fault of ours is told with its stack (`AI_CHAT_DEBUG=1`). */
  debug?: boolean;
  /** Aborts when the process is told to end (SIGTERM, SIGHUP): the session leaves and restores the terminal. */
  signal?: AbortSignal;
  /** Calls the listener at each SIGINT; returns what ends that. */
  onInterrupt?: (listener: () => void) => () => void;
  /** Calls the listener when the process exits; returns what ends that. */
  onExit?: (listener: () => void) => () => void;
  /** Without it, input history lasts as long as the session. */
  inputHistory?: InputHistory;
  /** Without it no draft is kept. */
  draft?: Draft;
  /** Without it nothing is saved. */
  saving?: Saving;
  /** With which conversation it begins; a new one, where it isn't given. */
  beginning?: Beginning;
  /** Connects to another server, for `/server`; rejects with `ClientError`. */
  connectTo?: (server: string) => Promise<Connection>;
  /** Opens an editor on the terminal and waits for its end. */
  editText?(text: string): Edited;
  /** Opens a file in the editor and waits for its end; the text is that of the file then. */
  editFile?(path: string): Edited;
  /** The user's roles and prompts. */
  texts?: TextFolders;
  /** The role of new conversations; see `SessionOptions`. */
  role?: SessionOptions["role"];
  /** The files that the user names; without it none is written. */
  files?: TextFiles;
  /** The files that a question may name, and the code for them, which is loaded when it is needed. */
  finder?: (() => Promise<Finder>) | undefined;
  /** Puts text on this machine's clipboard; false where there is no tool for it. Never rejects. */
  copyLocally?(text: string): Promise<boolean>;
  /** The image on this machine's clipboard. Never rejects. */
  pasteImage?: () => Promise<ClipboardImage>;
}

/** How the session ended: left by hand, after a fault of this program, or nobody could be asked to log in. */
export type ChatEnd = "left" | "fault" | "not_logged_in";
