import { settingNames } from "../src/client/kept/settings.ts";
import type { CommandSpec } from "../src/cli/argv/command-spec.ts";
import { commands } from "../src/cli/argv/commands.ts";
import { optionVariables, otherVariables } from "../src/cli/help/environment.ts";
import { exitMeanings } from "../src/cli/failures/exit-codes.ts";
import { everywhere, optionNamed, type OptionName } from "../src/cli/argv/options.ts";
import { bold, entry, paragraph, plain, section, subsection } from "./roff.ts";
import { optionOfSetting, shownDefault } from "../src/cli/argv/settings-now.ts";

const withDefault = (help: string, shown: string | undefined) =>
  shown === undefined ? `${help}.` : `${help} [${shown}].`;

/** An option of the table. */
function option(name: OptionName): string {
  const { flag, short, value, optional, help, shown } = optionNamed(name);
  const after = value === undefined ? "" : optional === true ? ` [${value}]` : ` ${value}`;
  const names = [...(short === undefined ? [] : [`-${short}`]), `--${flag}`];
  return entry(names.map(bold).join(", ") + plain(after), withDefault(help, shown));
}

const typed = (line: string) => (line.includes("%%") ? line.replaceAll("%%", "ai-chat") : `ai-chat ${line}`);

function command([name, spec]: [string, CommandSpec]): string[] {
  const words = spec.words === undefined ? "" : ` ${spec.words}`;
  const taken = [...(spec.common ?? everywhere), ...spec.options];
  const missing = everywhere
    .filter((each) => !taken.includes(each))
    .map((each) => `--${optionNamed(each).flag}`);
  return [
    subsection(`ai-chat ${name}${words}`),
    paragraph(
      `${spec.summary[0]?.toUpperCase()}${spec.summary.slice(1)}.${spec.notes ? ` ${spec.notes}` : ""}`,
    ),
    ...(missing.length > 0 ? [paragraph(`It has no ${missing.join(" and no ")}.`)] : []),
    ...Object.entries(spec.actions ?? {}).map(([word, { summary }]) => entry(bold(word), `${summary}.`)),
    ...spec.options.map(option),
    ...spec.examples.map(([line, what]) => entry(plain(typed(line).trim()), `${what}.`)),
  ];
}

const variable = ({ names, help, shown }: { names: readonly string[]; help: string; shown?: string }) =>
  entry(names.map(bold).join(", "), withDefault(help, shown));

const files: readonly (readonly [path: string, what: string])[] = [
  ["$XDG_CONFIG_HOME/ai-chat/config.json", "your settings"],
  ["$XDG_CONFIG_HOME/ai-chat/credentials.json", "your tokens, one per server; only you can read it"],
  ["$XDG_CONFIG_HOME/ai-chat/keys.json", "keys of the session, written by you"],
  ["$XDG_CONFIG_HOME/ai-chat/roles/NAME.md", "a role, for --role NAME and /role NAME"],
  ["$XDG_CONFIG_HOME/ai-chat/prompts/NAME.md", "a prompt, sent by /NAME"],
  ["$XDG_DATA_HOME/ai-chat/conversations/", "saved conversations, one file each"],
  ["$XDG_DATA_HOME/ai-chat/server/", "the data folder of your own server"],
  ["$XDG_STATE_HOME/ai-chat/history.jsonl", "your input history"],
  ["$XDG_CACHE_HOME/ai-chat/", "compiled code, if $XDG_CACHE_HOME exists; it can be deleted at any time"],
];

/** The manual page of the program in the language of man(7), made from the tables of commands, options and codes. */
export function manPage({ version, date }: { version: string; date: string }): string {
  const setting = (key: (typeof settingNames)[number]) =>
    entry(bold(key), withDefault(optionNamed(optionOfSetting(key)).help, shownDefault(key)));
  return [
    `.TH AI\\-CHAT 1 "${date}" "ai\\-chat ${plain(version)}" "User Commands"`,
    // Left-aligned and never hyphenated: an option that is cut in two can't be copied.
    ".nh",
    ".ad l",
    section("NAME"),
    `ai\\-chat \\- chat with a server whose questions cost tokens`,
    section("SYNOPSIS"),
    paragraph("ai-chat [COMMAND] [OPTIONS] [WORDS]"),
    section("DESCRIPTION"),
    paragraph(
      "Without a command it opens the session at a terminal; if stdin is a pipe or a file, it asks what it reads there. stdout carries the answer and nothing else; notes, prompts and errors go to stderr.",
    ),
    paragraph(
      "Options may stand anywhere, in ask only before or after the words of the question. After -- everything is text.",
    ),
    section("COMMANDS"),
    ...[...commands].flatMap(command),
    section("OPTIONS"),
    paragraph("Common options. Each command takes them, except for those that its section leaves out."),
    ...everywhere.map(option),
    section("SETTINGS"),
    paragraph("Saved by config set. A flag and the environment take precedence."),
    ...settingNames.map(setting),
    section("ENVIRONMENT"),
    paragraph("An empty variable counts as unset. A flag takes precedence over its variable."),
    ...[...optionVariables(), ...otherVariables].map(variable),
    section("FILES"),
    paragraph(
      "On Linux; where the XDG variables are unset, in ~/.config, ~/.local/share, ~/.local/state and ~/.cache.",
    ),
    ...files.map(([path, what]) => entry(plain(path), `${what}.`)),
    section("EXIT STATUS"),
    ...exitMeanings.map(([codes, meaning]) =>
      entry(codes.map((code) => bold(String(code))).join(", "), `${meaning}.`),
    ),
    section("EXAMPLES"),
    entry(plain("ai-chat"), "start chatting; without a server, with your own."),
    entry(plain('ai-chat ask "What is a monad?"'), "one question, the answer on stdout."),
    entry(
      plain("git diff | ai-chat ask Write a commit message for this"),
      "a question about the input of a pipe.",
    ),
    entry(plain("ai-chat register -s chat.example.org"), "an account on a server."),
    entry(plain("ai-chat serve"), "run a server."),
    section("SEE ALSO"),
    paragraph("ai-chat help COMMAND, ai-chat help environment, ai-chat help exit-codes."),
    "",
  ]
    .join("\n")
    .replaceAll(/^(\.S[HS] .*\n)\.PP\n/gm, "$1");
}
