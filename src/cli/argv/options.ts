import { normalizeServer } from "../../client/http/server-url.ts";
import { isRoleName, NO_ROLE } from "../../client/kept/own-names.ts";
import { isSendable } from "../../client/http/token.ts";
import { MODEL_CHARACTERS, USAGE_DAYS } from "../../protocol/limits.ts";
import { filled, oneOfOr, seconds, text, textOr, texts, toggle, whole, type Option } from "./option.ts";
import { booksOptions } from "./books-options.ts";
import { inviteOptions } from "./invite-options.ts";
import { keyOptions } from "./key-options.ts";
import { operatorOptions } from "./operator-options.ts";
import { serverOptions } from "./server-options.ts";
import { serverSecrets } from "./server-secrets.ts";

function address(typed: string): string {
  if (typed === "local") return typed;
  try {
    return normalizeServer(typed);
  } catch {
    throw new Error("local, or an address like https://chat.example.org or localhost:8000");
  }
}

function token(typed: string): string {
  if (isSendable(typed)) return typed;
  throw new Error("one token, in visible ASCII characters without spaces");
}

/** Rejects control characters: usernames are shown and stored on single lines. */
function oneLine(typed: string): string {
  if (!/\p{Cc}/u.test(typed)) return filled(typed);
  throw new Error("some text without control characters");
}

function modelName(typed: string): string {
  if (typed.length > MODEL_CHARACTERS) throw new Error(`at most ${MODEL_CHARACTERS} characters`);
  return oneLine(typed);
}

function roleName(typed: string): string {
  if (typed === NO_ROLE || isRoleName(typed)) return typed;
  throw new Error("the name of a role: one word");
}

/** The server that is tried if none is set (docs/cli.md#servers). */
export const defaultServer = "http://127.0.0.1:8000";

/**
 * Every option of every command (docs/cli.md#settings). Flags, `AI_CHAT_…` variables, the settings file, `config`, the
 * help, the man page and completion are all derived from this table.
 */
export const options = {
  server: text(
    {
      flag: "server",
      short: "s",
      value: "URL",
      env: ["AI_CHAT_SERVER"],
      setting: "server",
      names: "server",
      secret: true,
      help: "the server to talk to; local is your own on this machine",
      shown: defaultServer,
    },
    address,
  ),
  json: toggle({ flag: "json", help: "print one JSON document, for programs" }),
  quiet: toggle({ flag: "quiet", short: "q", help: "no notes" }),
  noInput: toggle({ flag: "no-input", help: "never ask for anything" }),
  noStdin: toggle({ flag: "no-stdin", help: "don't read standard input" }),
  noColor: toggle({ flag: "no-color", help: "no colours (also NO_COLOR)" }),
  timeout: seconds(
    { flag: "timeout", value: "SECONDS", setting: "timeout", help: "longest silence of the server" },
    300,
    [0.1, 86_400],
  ),
  help: toggle({ flag: "help", short: "h", help: "this help" }),
  version: toggle({ flag: "version", short: "V", help: "the version" }),

  username: text({ flag: "username", short: "u", value: "NAME", help: "the name of your account" }, oneLine),
  passwordStdin: toggle({ flag: "password-stdin", help: "read the password from the first line of stdin" }),
  askModel: text(
    {
      flag: "model",
      short: "m",
      value: "NAME",
      env: ["AI_CHAT_ASK_MODEL"],
      setting: "model",
      names: "model",
      help: "the model that answers, at a server with several",
    },
    modelName,
  ),
  files: texts(
    {
      flag: "file",
      short: "f",
      value: "FILE",
      names: "file",
      help: "a text file or an image for the question, or lines of a text: FILE#20-45; again for each file",
    },
    filled,
  ),
  role: text(
    {
      flag: "role",
      value: "NAME",
      env: ["AI_CHAT_ROLE"],
      setting: "role",
      names: "role",
      help: "instructions for every answer, from roles/NAME.md beside your settings; none: no role",
    },
    roleName,
  ),
  stream: toggle({ flag: "stream", help: "with --json: a line of JSON for each piece" }),
  days: whole(
    { flag: "days", value: "N", help: "days to look back, in UTC, today included" },
    USAGE_DAYS.usual,
    [1, USAGE_DAYS.most],
  ),
  format: oneOfOr({ flag: "format", value: "md|json", help: "format of an export" }, ["md", "json"], "md"),
  versions: toggle({ flag: "versions", help: "show and export: also the other versions of turns" }),
  allConversations: toggle({ flag: "all", help: "export: all of them, each in a file of the folder DIR" }),
  plain: toggle({ flag: "plain", setting: "plain", help: "line mode: no redrawing, no terminal needed" }),

  theme: oneOfOr(
    { setting: "theme", help: "colours of answers; auto asks the terminal for its background" },
    ["auto", "dark", "light", "ansi", "none"],
    "auto",
  ),

  notify: oneOfOr(
    {
      env: ["AI_CHAT_NOTIFY"],
      setting: "notify",
      help: "when an answer took over 10 s and the window has no focus: a notification or the bell",
    },
    ["auto", "bell", "off"],
    "auto",
  ),

  ...inviteOptions,
  ...keyOptions,
  ...operatorOptions,
  ...booksOptions,

  now: toggle({ flag: "now", help: "with rotate-secret: end all logins at once" }),
  noSecrets: toggle({ flag: "no-secrets", help: "with backup: leave the secret that signs logins out" }),
  config: text(
    {
      flag: "config",
      value: "FILE",
      env: ["AI_CHAT_CONFIG"],
      names: "file",
      help: "file with the server's settings; flags and variables win over it",
    },
    filled,
  ),
  check: toggle({ flag: "check", help: "check the settings, then end; nothing is opened" }),
  ...serverOptions,
  ...serverSecrets,

  token: text(
    { env: ["AI_CHAT_TOKEN"], secret: true, help: "a token to use instead of the saved one" },
    token,
  ),
  password: text({
    env: ["AI_CHAT_PASSWORD"],
    secret: true,
    help: "the password; without it the terminal asks",
  }),
  continue: toggle({ flag: "continue", short: "c", help: "continue the newest conversation" }),
  resume: text({
    flag: "resume",
    short: "r",
    value: "ID",
    optional: true,
    names: "conversation",
    help: "continue that conversation; in the session without ID: choose from a list",
  }),
  startSaved: toggle({ flag: "save", help: "start a saved conversation; with -c only if there is none" }),
  noSave: toggle({ flag: "no-save", help: "don't save this conversation" }),
  save: toggle({ setting: "save", help: "save conversations", shown: "true" }, true),
  editor: textOr(
    { env: ["VISUAL", "EDITOR"], setting: "editor", help: "the editor that Ctrl-G opens" },
    process.platform === "win32" ? "notepad" : "vi",
    (typed) => filled(typed).trim(),
  ),
};

export type OptionName = keyof typeof options;

type Parsed<O> = O extends Option<infer T> ? T : never;

/** The parsed value of every option. */
export type Values = { [K in OptionName]: Parsed<(typeof options)[K]> };

/** The options that a command takes unless its specification says otherwise. */
export const everywhere: readonly OptionName[] = [
  "server",
  "json",
  "quiet",
  "noInput",
  "noStdin",
  "noColor",
  "timeout",
  "help",
  "version",
];

/** The common options of a command that uses no server. */
export const withoutServer = everywhere.filter((name) => name !== "server" && name !== "timeout");

/** The options of a server with a flag. `serve` takes them as flags or variables, `-s local` only as variables. */
export const ofServer: readonly OptionName[] = Object.keys(serverOptions) as (keyof typeof serverOptions)[];

/** The options of a server without a flag. */
export const secretsOfServer: readonly OptionName[] = Object.keys(
  serverSecrets,
) as (keyof typeof serverSecrets)[];

export const optionNamed = (name: OptionName): Option<unknown> => options[name];
