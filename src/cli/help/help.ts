import { settingNames, type SettingName } from "../../client/kept/settings.ts";
import { columns, WIDTH, wrapped } from "../io/columns.ts";
import type { CommandSpec } from "../argv/command-spec.ts";
import { optionOfSetting, shownDefault } from "../argv/settings-now.ts";
import { commands } from "../argv/commands.ts";
import { optionVariables, otherVariables, variablesOf, type Variable } from "./environment.ts";
import { exitMeanings } from "../failures/exit-codes.ts";
import { everywhere, optionNamed, type OptionName } from "../argv/options.ts";

const withDefault = (help: string, shown: string | undefined) =>
  shown === undefined ? help : `${help} [${shown}]`;

function optionRow(name: OptionName): [string, string] {
  const { flag, short, value, optional, help, shown, env } = optionNamed(name);
  const after = value === undefined ? "" : optional === true ? ` [${value}]` : ` ${value}`;
  const names = `${short === undefined ? "    " : `-${short}, `}--${flag}${after}`;
  const from = everywhere.includes(name) && env !== undefined ? `; ${env.join(", ")}` : "";
  return [names, withDefault(`${help}${from}`, shown)];
}

function flaglessRow(name: OptionName): [string, string] {
  const { setting, help, shown } = optionNamed(name);
  const variables = variablesOf(name);
  const names = variables.length === 0 ? `the setting ${setting}` : variables.join(", ");
  return [names, withDefault(help, shown)];
}

const variableRow = ({ names, help, shown }: Variable): [string, string] => [
  names.join(", "),
  withDefault(help, shown),
];

function settingRow(key: SettingName): [string, string] {
  return [key, withDefault(optionNamed(optionOfSetting(key)).help, shownDefault(key))];
}

function alsoByEnvironment({ options }: CommandSpec): string[][] {
  const names = options.flatMap(variablesOf);
  return names.length === 0 ? [] : [wrapped(`The same by environment: ${names.join(", ")}.`, WIDTH)];
}

/** Example commands with their descriptions, on one line if both fit, otherwise on two. */
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

/** Wraps the usage line without breaking alternatives such as `export ID`. */
const usage = (line: string): string[] =>
  wrapped(line.replaceAll(/(\|\w+) (?=[A-Z])/g, "$1\u00a0"), WIDTH - 6)
    .map((part) => part.replaceAll("\u00a0", " "))
    .map((part, at) => (at === 0 ? `  ${part}` : `      ${part}`));

const sections = (...blocks: string[][]): string =>
  `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;

/** The help of one command: examples first, every default, 80 columns. */
export function commandHelp(command: string, spec: CommandSpec, name: string): string {
  const own = spec.options.length === 0 ? [] : [["Options", ...columns(spec.options.map(optionRow), 29)]];
  const hasSetting = spec.secrets.some((secret) => optionNamed(secret).setting !== undefined);
  const title = hasSetting ? "Environment and settings only" : "Environment only";
  const flagless = spec.secrets.length === 0 ? [] : [[title, ...columns(spec.secrets.map(flaglessRow), 29)]];
  return sections(
    [`${name} ${command}: ${spec.summary}`],
    ["Examples", ...examples(spec.examples, name)],
    ["Usage", ...usage(`${name} ${command} [OPTIONS]${spec.words === undefined ? "" : ` ${spec.words}`}`)],
    ...(spec.settings ? [["Settings", ...columns(settingNames.map(settingRow), 29)]] : []),
    ...own,
    ...alsoByEnvironment(spec),
    ...flagless,
    ["Common options", ...columns((spec.common ?? everywhere).map(optionRow), 29)],
    ...(spec.notes === undefined ? [] : [wrapped(spec.notes, WIDTH)]),
  );
}

/** Help topics that are not commands. */
export const topics = new Map<string, { summary: string; help: () => string }>([
  [
    "environment",
    {
      summary: "every environment variable",
      help: () =>
        sections(
          wrapped(
            "A value comes from the flag, else the environment, else the settings file (see config), else the default. An empty variable counts as unset.",
            WIDTH,
          ),
          ["Of options", ...columns(optionVariables().map(variableRow), 29)],
          ["Others", ...columns(otherVariables.map(variableRow), 29)],
        ),
    },
  ],
  [
    "exit-codes",
    {
      summary: "what the program exits with",
      help: () =>
        sections(
          [
            "Exit codes",
            ...columns(
              exitMeanings.map(([codes, meaning]) => [codes.join(", "), meaning] as const),
              16,
            ),
          ],
          wrapped("With --json the reason is one line of JSON on stderr, with a code of its own.", WIDTH),
        ),
    },
  ],
]);

export function programHelp(name: string, version: string): string {
  const rows = [...commands].map(([command, { summary }]) => [command, summary] as const);
  const more = [...topics].map(([topic, { summary }]) => [`help ${topic}`, summary] as const);
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
    ["More", ...columns(more, 20)],
    ["Common options", ...columns(everywhere.map(optionRow), 29)],
    ["A value comes from the flag, the environment, the settings file, the default."],
  );
}
