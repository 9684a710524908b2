import type { CommandSpec } from "./command-spec.ts";
import { commands } from "./commands.ts";
import { everywhere, optionNamed, type OptionName } from "./options.ts";

const WIDTH = 80;

/** Words on lines of at most `width` characters. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** Two columns; what doesn't fit beside a long left entry goes on its own line. */
function columns(rows: readonly (readonly [string, string])[], left: number): string[] {
  const gap = " ".repeat(left + 2);
  return rows.flatMap(([term, text]) => {
    const lines = wrapped(text, WIDTH - left - 2);
    const [first = "", ...more] = lines;
    const under = more.map((line) => gap + line);
    if (term.length > left - 1) return [`  ${term}`, gap + first, ...under];
    return [`  ${term.padEnd(left)}${first}`, ...under];
  });
}

function optionRow(name: OptionName): [string, string] {
  const { flag, short, value, optional, help, shown, env } = optionNamed(name);
  const after = value === undefined ? "" : optional === true ? ` [${value}]` : ` ${value}`;
  const names = `${short === undefined ? "    " : `-${short}, `}--${flag}${after}`;
  const from = name === "server" ? `; ${env?.[0]}` : "";
  return [names, `${help}${from}${shown === undefined ? "" : ` [${shown}]`}`];
}

/** A line to type and what it does, beside it where both fit, else under it. */
function examples(rows: CommandSpec["examples"], name: string): string[] {
  const typed = rows.map(([line, what]) => ({
    line: line.includes("%%") ? line.replaceAll("%%", name) : `${name} ${line}`.trimEnd(),
    what,
  }));
  const widest = Math.max(...typed.map(({ line }) => line.length).filter((length) => length < 46), 0) + 2;
  return typed.flatMap(({ line, what }) =>
    line.length + 2 <= widest && 2 + widest + what.length <= WIDTH
      ? [`  ${line.padEnd(widest)}${what}`]
      : [`  ${line}`, `      ${what}`],
  );
}

const sections = (...blocks: string[][]): string =>
  `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;

/** The help of one command: examples first, every default, 80 columns. */
export function commandHelp(command: string, spec: CommandSpec, name: string): string {
  const own = spec.options.length === 0 ? [] : [["Options", ...columns(spec.options.map(optionRow), 29)]];
  return sections(
    [`${name} ${command}: ${spec.summary}`],
    ["Examples", ...examples(spec.examples, name)],
    ["Usage", `  ${name} ${command} [OPTIONS]${spec.words === undefined ? "" : ` ${spec.words}`}`],
    ...own,
    ["Options of every command", ...columns((spec.common ?? everywhere).map(optionRow), 29)],
    ...(spec.notes === undefined ? [] : [wrapped(spec.notes, WIDTH)]),
  );
}

/** The help of the program. */
export function programHelp(name: string, version: string): string {
  const rows = [...commands].map(([command, { summary }]) => [command, summary] as const);
  return sections(
    [`${name} ${version}: chat with a server whose questions cost tokens`],
    [
      "Examples",
      ...examples(
        [
          ["", "start chatting; without a server, with your own"],
          ['ask "What is a monad?"', "one question, the answer on stdout"],
          ["ask explain this < error.log", "a question about a file"],
          ["register -s chat.example.org", "an account on a server"],
          ["serve", "run a server"],
        ],
        name,
      ),
    ],
    ["Commands", ...columns([...rows, ["help COMMAND", "its options and examples"]], 16)],
    ["Options of every command", ...columns(everywhere.map(optionRow), 29)],
    [
      "AI_CHAT_TOKEN is used before the kept token. Proxies: HTTP_PROXY, HTTPS_PROXY,",
      "NO_PROXY. A setting comes from flag, environment, settings file, default.",
    ],
  );
}
