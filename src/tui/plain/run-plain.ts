import { lineText } from "../line-text.ts";
import type { ChatEnd, ChatOptions } from "../options.ts";
import { codeBlocks } from "../markdown/code-blocks.ts";
import type { Hands } from "../../session/command.ts";
import { commandNamed, runCommand } from "../../session/commands.ts";
import { readInput } from "../../session/input.ts";
import { sessionOptions } from "../session-options.ts";
import type { Choice } from "../../session/finding.ts";
import { isAnswering } from "../../session/state.ts";
import { statusLine } from "../status-line.ts";
import { createSession, type Session } from "../../session/session.ts";
import { createLineReader, type LineReader } from "./line-reader.ts";
import { createPaper, type Paper } from "./paper.ts";
import { signInByLines } from "./sign-in-lines.ts";

/**
 * The line mode (docs/session.md#line-mode): a line is a question or a command, the answer is written as it comes,
 * nothing is redrawn. Needs no terminal. The end of the input leaves; an interrupt stops the answer, or leaves if there
 * is none. Rejects with a bug.
 */
export async function runPlain(options: ChatOptions): Promise<ChatEnd> {
  const { stdin, terminal } = options;
  const paper = createPaper(options);
  const lines = createLineReader(stdin);
  const faults: unknown[] = [];
  const session = createSession(
    sessionOptions(options, {
      say: (said) => paper.say(said),
      again: "/retry",
      crash(error) {
        faults.push(error);
        leave();
      },
    }),
  );
  const leave = () => {
    session.stop();
    lines.close();
  };
  const interrupt = () => {
    if (isAnswering(session.state.phase)) session.stop();
    else leave();
  };
  const stopListening = options.onInterrupt?.(interrupt);
  options.signal?.addEventListener("abort", leave, { once: true });
  try {
    for (const line of options.intro) paper.line(line);
    await session.start();
    if (options.stdin.isTTY && session.state.signedIn) paper.line(whoAsks(session, terminal.ascii));
    const end = await converse(session, lines, paper, { ...options, isOver: () => faults.length > 0 });
    if (faults.length > 0) throw faults[0];
    const wayBack = session.wayBack();
    if (wayBack !== undefined) paper.line(wayBack);
    return end;
  } finally {
    stopListening?.();
    options.signal?.removeEventListener("abort", leave);
    lines.close();
  }
}

/** The status line of the drawn session, printed once: user, server, balance. */
function whoAsks({ state, server }: Session, ascii: boolean): string {
  return statusLine({ ...state, server }, Number.MAX_SAFE_INTEGER, ascii);
}

async function converse(
  session: Session,
  lines: LineReader,
  paper: Paper,
  options: ChatOptions & { isOver: () => boolean },
): Promise<ChatEnd> {
  let leaving = false;
  const hands: Hands = {
    print: (text) => paper.line(text),
    copy: async (text) => ((await options.copyLocally?.(text)) === true ? "copied" : "none"),
    codeBlocks,
    choose: (choices) => list(choices, paper, options.terminal),
    chooseModel: (choices) => {
      for (const { title, detail } of choices)
        paper.line(`${title}  (${lineText(detail, options.terminal)})`);
      paper.line("/model NAME chooses one of them.");
    },
    chooseVersion: (choices) => {
      for (const { id, title, detail, words } of choices)
        paper.line(`${id}  ${title}  (${lineText(detail, options.terminal)})  ${words}`);
      paper.line("/versions N.V goes on with one of them.");
    },
    clearScreen: () => undefined,
    quit: () => (leaving = true),
    keys: ["A line that ends with \\ goes on with the next one."],
  };
  if (options.beginning?.kind === "choose") await commandNamed("resume")?.run(session, "", hands);
  for (;;) {
    await session.idle();
    if (leaving || options.isOver()) return "left";
    if (session.state.form !== undefined) {
      if (!options.stdin.isTTY) return refuse(session, paper, options);
      if (!(await signInByLines(session, lines, paper))) return "left";
      continue;
    }
    paper.prompt("> ");
    const text = await nextInput(lines);
    if (text === undefined) {
      // Ctrl-C and Ctrl-D end no line.
      paper.prompt("\n");
      return "left";
    }
    await take(text, session, hands);
  }
}

function list(choices: readonly Choice[], paper: Paper, terminal: ChatOptions["terminal"]): void {
  for (const { id, title, detail, words } of choices)
    paper.line(`${id}  ${title}  (${lineText(detail, terminal)})${words === "" ? "" : `  ${words}`}`);
  paper.line("/resume ID goes on with one of them.");
}

async function take(text: string, session: Session, hands: Hands): Promise<void> {
  const input = readInput(text);
  if (input.kind === "question") session.ask(input.text);
  else if (input.kind === "command") await runCommand(session, input.command, input.argument, hands);
  else if (input.kind === "unknown") {
    const instead = input.nearest === undefined ? "/help lists them." : `did you mean /${input.nearest}?`;
    session.note(
      "warn",
      `There is no command /${input.name}: ${instead} //${input.name} sends it as a question.`,
    );
  }
}

/** One line, and the next ones while it ends with a backslash. */
async function nextInput(lines: LineReader): Promise<string | undefined> {
  let text = await lines.next();
  while (text?.endsWith("\\") === true) {
    const more = await lines.next();
    text = more === undefined ? text.slice(0, -1) : `${text.slice(0, -1)}\n${more}`;
    if (more === undefined) break;
  }
  return text;
}

function refuse(session: Session, paper: Paper, { commandName }: ChatOptions): ChatEnd {
  paper.line(session.state.form?.reason ?? `Not logged in to ${session.server}.`);
  paper.line(`Log in first: ${commandName} login -s ${session.address}`);
  return "not_logged_in";
}
