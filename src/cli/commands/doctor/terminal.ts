import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { isatty } from "node:tty";
import type { Call } from "../../argv/call.ts";
import { clipboardTools } from "../../io/clipboard.ts";
import type { DoctorDocument } from "./document.ts";
import type { Values } from "../../argv/options.ts";
import { isAscii, themeTraits, wantsPlain } from "../../io/terminal.ts";
import { askTerminal, type TerminalFeatures } from "./ask-terminal.ts";
import type { Finding, Report } from "./finding.ts";

type TerminalDocument = DoctorDocument["terminal"];

function isInstalled(tool: string, path: string): boolean {
  return path.split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, tool), constants.X_OK);
      return dir !== "";
    } catch {
      return false;
    }
  });
}

/** Queries the terminal, unless there is none, the output is a document, or input is not allowed. */
async function answersOf({
  stdin,
  output,
  values,
  env,
}: Pick<Call, "stdin" | "output" | "values" | "env">): Promise<TerminalFeatures | null> {
  const silent = output.json || values.noInput || values.noStdin || env.TERM === "dumb";
  if (silent || !stdin.isTTY || !output.stdout.isTTY) return null;
  return askTerminal({ stdin, stdout: output.stdout });
}

function keyboard({ stdin, stdout, shift_enter }: TerminalDocument): Finding {
  const about = "keyboard";
  if (!stdin || !stdout)
    return { about, text: "not tested: stdin and stdout are not both terminals", note: true };
  if (shift_enter === true) return { about, text: "Shift-Enter begins a new line" };
  const why =
    shift_enter === null ? "the terminal was not asked, or did not reply" : "Shift-Enter is Enter here";
  return { about, text: `${why}; Alt-Enter, Ctrl-J or \\ and Enter begin a new line`, note: true };
}

function clipboard({ clipboard_tools, osc52 }: TerminalDocument): Finding {
  const about = "clipboard";
  const [tool] = clipboard_tools;
  if (tool !== undefined)
    return { about, text: `by ${tool}${osc52 === true ? ", and by the terminal (OSC 52)" : ""}` };
  if (osc52 === true) return { about, text: "by the terminal (OSC 52)" };
  return {
    about,
    text: "by the terminal (OSC 52), where it allows that; no tool for it is here",
    note: true,
  };
}

function colour({ colors, stdout }: TerminalDocument, theme: Values["theme"]): Finding {
  const about = "colour";
  if (theme === "none") return { about, text: "none: as the setting theme says", note: true };
  if (colors > 1)
    return { about, text: `${colors >= 2 ** 24 ? "16 million" : colors} colours, theme ${theme}` };
  const why = stdout ? "as --no-color, NO_COLOR, FORCE_COLOR or TERM say" : "stdout is no terminal";
  return { about, text: `none: ${why}`, note: true };
}

/** Reports the terminal's features. A missing one is not a problem: the session adapts to the terminal. */
export async function lookAtTerminal(call: Call): Promise<Report<TerminalDocument>> {
  const { output, env, values } = call;
  const { stdout, color } = output;
  const says = await answersOf(call);
  const path = env.PATH ?? "";
  const document: TerminalDocument = {
    stdin: isatty(0),
    stdout: isatty(1),
    stderr: isatty(2),
    term: env.TERM ?? null,
    colors: themeTraits(values.theme, color.stdout).color
      ? 2 ** (stdout.isTTY ? Math.max(4, stdout.getColorDepth(env)) : 4)
      : 1,
    columns: stdout.isTTY ? stdout.columns : null,
    rows: stdout.isTTY ? stdout.rows : null,
    unicode: !isAscii(env),
    shift_enter: says?.shiftEnter ?? null,
    clipboard_tools: clipboardTools({ env, platform: process.platform })
      .map(([tool = ""]) => tool)
      .filter((tool) => isInstalled(tool, path)),
    osc52: says?.clipboard ?? null,
  };
  const { columns, rows, unicode } = document;
  const size = columns === null ? "stdout is no terminal" : `${columns} columns, ${rows} rows`;
  const findings: Finding[] = [
    colour(document, values.theme),
    { about: "size", text: size, ...(columns === null ? { note: true } : {}) },
    {
      about: "letters",
      text: unicode ? "all of Unicode" : "ASCII only: the locale isn't UTF-8",
      ...(unicode ? {} : { note: true }),
    },
    keyboard(document),
    clipboard(document),
  ];
  if (wantsPlain(values.plain, env)) findings.push({ about: "session", text: "the line mode", note: true });
  return { title: "Terminal", findings, document };
}
