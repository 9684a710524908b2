import { compactCommand } from "./compact-command.ts";
import type { CommandUi, SessionCommand } from "./command.ts";
import { connectCommand } from "./connect-command.ts";
import { copyCommand } from "./copy-command.ts";
import { deleteCommand } from "./delete-command.ts";
import { exportCommand } from "./export-command.ts";
import type { Choice } from "./finding.ts";
import { roleCommand } from "./role-command.ts";
import type { Session } from "./session.ts";
import { usage, type ShownCommand } from "./shown-command.ts";
import { isAnswering, type State } from "./state.ts";

/** All commands, in the order of the help and of the menu. */
export const commands: readonly SessionCommand[] = [
  {
    name: "help",
    help: "what can be typed and pressed",
    whileAnswering: true,
    run: async (session, _, { keys }) =>
      session.note("info", ...helpLines(keys, await session.prompts.list())),
  },
  {
    name: "new",
    help: "start a new conversation",
    run: (session) => beginAnew(session),
  },
  {
    name: "resume",
    argument: "[ID]",
    help: "go on with a saved conversation",
    async run(session, id, ui) {
      if (id !== "") return void (await session.saver.resume(id));
      offer(session, await session.saver.choices(), noConversations(session.state), ui);
    },
  },
  {
    name: "model",
    argument: "[NAME]",
    help: "choose the model that answers; without NAME from a list",
    async run(session, name, ui) {
      if (name !== "") return session.models.choose(name);
      const choices = await session.models.choices();
      if (choices !== undefined) ui.chooseModel(choices);
    },
  },
  roleCommand,
  {
    name: "rename",
    argument: "TITLE",
    help: "give this conversation another title",
    run(session, title) {
      if (title === "") return session.note("dim", "/rename takes the new title.");
      return session.saver.rename(title);
    },
  },
  {
    name: "pin",
    help: "show this conversation first in every list, or no longer",
    run: (session) => session.saver.pin(),
  },
  deleteCommand,
  {
    name: "search",
    argument: "WORDS",
    help: "saved conversations that hold all of them",
    async run(session, words, ui) {
      if (words === "") return session.note("dim", "/search takes the words to look for.");
      offer(
        session,
        await session.saver.search(words),
        `No ${other(session.state)}saved conversation holds that.`,
        ui,
      );
    },
  },
  {
    name: "retry",
    help: "ask the last question again",
    silent: hasQuestion,
    run: (session) => session.retry(),
  },
  {
    name: "edit",
    help: "change the last question and ask that instead",
    silent: hasQuestion,
    run: (session) => session.edit(),
  },
  {
    name: "versions",
    argument: "[N]",
    help: "choose another version of an answer, of turn N or of all",
    async run(session, typed, ui) {
      const [, turn, version] = /^(\d{1,6})(\.\d{1,6})?$/.exec(typed) ?? [];
      if (typed !== "" && turn === undefined)
        return session.note("dim", "/versions takes the number of a turn, or of its version: /versions 5.2");
      if (version !== undefined) return session.versions.choose(typed);
      const choices = await session.versions.choices(turn === undefined ? undefined : Number(turn));
      if (choices.length > 0) ui.chooseVersion(choices);
    },
  },
  {
    name: "fork",
    argument: "[N]",
    help: "go on with a copy of this conversation, up to turn N",
    run(session, typed) {
      if (!/^\d{0,6}$/.test(typed)) return session.note("dim", "/fork takes the number of a turn.");
      return session.versions.fork(typed === "" ? undefined : Number(typed));
    },
  },
  copyCommand,
  compactCommand,
  exportCommand,
  {
    name: "raw",
    help: "print the last answer as Markdown",
    run(session, _, { print }) {
      const { answer } = session.state;
      if (answer === "") session.note("dim", "There is no answer yet.");
      // What follows begins with a blank line.
      else print(answer.replace(/\n+$/, ""));
    },
  },
  {
    name: "reasoning",
    help: "print what the AI thought before the last answer",
    whileAnswering: true,
    run(session) {
      const { text } = session.state.reasoning;
      if (text === "") session.note("dim", "The AI told nothing of what it thought.");
      else session.note("dim", ...text.trim().split("\n"));
    },
  },
  {
    name: "balance",
    help: "tokens left, and for how many questions",
    whileAnswering: true,
    run: (session) => session.account.show(),
  },
  {
    name: "usage",
    argument: "[days]",
    help: "questions a day as a chart, and their sum",
    whileAnswering: true,
    run: (session, days) => session.account.showUsage(days),
  },
  {
    name: "server",
    argument: "[URL]",
    help: "talk to another server",
    run(session, server) {
      if (server !== "") return session.moveTo(server);
      const { place } = session;
      session.note("info", `This is ${place}. /server URL talks to another one, /server local to your own.`);
    },
  },
  connectCommand,
  { name: "login", help: "log in, or register", run: (session) => session.openForm() },
  {
    name: "logout",
    help: "forget the login of this server",
    run: (session) => session.account.logOut(),
  },
  {
    name: "clear",
    help: "start anew on an empty screen",
    silent: () => true,
    run(session, _, { clearScreen }) {
      clearScreen();
      beginAnew(session);
    },
  },
  { name: "quit", help: "leave", whileAnswering: true, silent: () => true, run: (_, __, { quit }) => quit() },
];

/** The command of that name, in any case. */
export const commandNamed = (name: string): SessionCommand | undefined =>
  commands.find((command) => command.name === name.toLowerCase());

/** Runs a command, unless it has to wait for an answer or for something that is loading; then it says so. */
export async function runCommand(
  session: Session,
  command: SessionCommand,
  argument: string,
  ui: CommandUi,
  isAgreed = false,
): Promise<void> {
  const { phase } = session.state;
  if (command.argument === undefined && argument !== "")
    return session.note("dim", `/${command.name} takes nothing: type it alone.`);
  const hidden = session.prompts.hiddenBy(command.name);
  if (hidden !== undefined) session.note("warn", hidden);
  if (phase.kind === "idle" || command.whileAnswering === true)
    return command.run(session, argument, ui, isAgreed);
  session.note(
    "dim",
    isAnswering(phase)
      ? `/${command.name} waits until the answer is through; ${session.stopKey} stops it.`
      : `/${command.name} isn't possible while something is loading.`,
  );
}

/** A question that `/retry` and `/edit` can bring back is printed itself. */
function hasQuestion({ state }: Session): boolean {
  return state.last !== undefined;
}

/** Starts a new conversation, and says how to come back to the last one. */
function beginAnew(session: Session): void {
  const left = session.resumable();
  session.clear();
  const wayBack = left === undefined ? [] : [`To go on with the last one: /resume ${left}`];
  session.note("dim", "A new conversation.", ...wayBack);
}

function offer(session: Session, choices: readonly Choice[], none: string, ui: CommandUi): void {
  if (choices.length === 0) session.note("dim", none);
  else ui.choose(choices);
}

const other = ({ conversation }: State) => (conversation === undefined ? "" : "other ");

/** Why there is no list of conversations. */
const noConversations = (state: State): string =>
  `There is no ${other(state)}saved conversation here${state.conversation === undefined ? " yet" : ""}.`;

function helpLines(keys: readonly string[], prompts: readonly ShownCommand[]): string[] {
  const all: readonly ShownCommand[] = [...commands, ...prompts];
  const widest = Math.max(...all.map((command) => usage(command).length));
  const rows = all.map((command) => `${usage(command).padEnd(widest)}  ${command.help}`);
  return [...rows, `${"//text".padEnd(widest)}  a question that begins with a slash`, ...keys];
}
