import type { ChatEnd, ChatOptions } from "../options.ts";
import type { CommandUi } from "../../session/command.ts";
import { askingWords } from "../../session/shown-command.ts";
import { commandNamed, runCommand } from "../../session/commands.ts";
import { mostCharacters } from "../../session/context.ts";
import { loneHint, readInput } from "../../session/input.ts";
import { CHAT_BODY_BYTES } from "../../protocol/limits.ts";
import { counted } from "../../text/numbers.ts";
import { sessionOptions } from "../session-options.ts";
import { isAnswering } from "../../session/state.ts";
import { accountLine } from "../status-line.ts";
import type { Session } from "../../session/session.ts";
import { createSession } from "../../session/create-session.ts";
import { openJob, setRawAgain } from "../terminal/suspend.ts";
import { createLineReader, type LineReader } from "./line-reader.ts";
import { createLineUi } from "./line-ui.ts";
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
  const lines = createLineReader(stdin, {
    echo: (text) => paper.prompt(text),
    onInterrupt: () => interrupt(),
    onSuspend: () => job.suspend(),
  });
  const job = openJob({
    signals: process,
    leave: () => stdin.setRawMode(false),
    back: () => stdin.setRawMode(true),
    again: () => setRawAgain(stdin),
  });
  options.onExit?.(job.exit);
  const faults: unknown[] = [];
  const session = createSession(
    sessionOptions(options, {
      say(said) {
        paper.say(said);
        // It is shown nowhere, so what is typed next is another question.
        if (said.type === "giveBack" && said.toEdit !== true) session.stopEditing();
      },
      again: () => "/retry",
      stopKey: "Ctrl-C",
      crash(error) {
        faults.push(error);
        leave();
      },
    }),
  );
  const leave = () => {
    job.close();
    session.stop();
    lines.close();
  };
  const interrupt = () => {
    if (isAnswering(session.state.phase)) session.stop();
    else leave();
  };
  // What is typed during an answer must not stand in it.
  session.subscribe(() => lines.setQuiet(isAnswering(session.state.phase)));
  const stopListening = options.onInterrupt?.(interrupt);
  options.signal?.addEventListener("abort", leave, { once: true });
  try {
    if (options.intro?.isDemo) paper.line("A demo answers. /connect says how to connect a model.");
    await session.start();
    if (options.stdin.isTTY && session.state.signedIn)
      paper.line(accountLine({ ...session.state, server: session.server }, terminal.ascii));
    const end = await converse(session, lines, paper, { ...options, isOver: () => faults.length > 0 });
    if (faults.length > 0) throw faults[0];
    const wayBack = session.wayBack();
    if (wayBack !== undefined) paper.line(wayBack);
    return end;
  } finally {
    job.close();
    stopListening?.();
    options.signal?.removeEventListener("abort", leave);
    lines.close();
  }
}

/** At a terminal, no question if the session has just asked about the line before. */
const YES_OR_NO = /^(?:y|yes|n|no)$/i;

async function converse(
  session: Session,
  lines: LineReader,
  paper: Paper,
  options: ChatOptions & { isOver: () => boolean },
): Promise<ChatEnd> {
  let leaving = false;
  let before: string | undefined;
  /** The command that waits for the same line again. */
  let asked: string | undefined;
  /** The question with files that waits for an empty line. */
  let withFiles: string | undefined;
  const ui = createLineUi(paper, options, () => (leaving = true));
  if (options.beginning?.kind === "choose") await commandNamed("resume")?.run(session, "", ui);
  for (;;) {
    const { last } = session.state;
    await session.idle();
    if (leaving || options.isOver()) return "left";
    if (options.stdin.isTTY && session.state.last !== last) tellUnsent(session, lines, paper);
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
    if ((asked ?? withFiles) !== undefined && options.stdin.isTTY && YES_OR_NO.test(text.trim())) {
      paper.line("Nothing was done, and nothing was sent.");
      asked = withFiles = undefined;
      continue;
    }
    if (withFiles !== undefined && text.trim() === "") session.ask(withFiles);
    const files = await filesOf(text, session, options);
    withFiles = files.message;
    const isSure = !options.stdin.isTTY || text === before;
    asked = files.isTaken ? undefined : await take(text, session, ui, { isSure, asked });
    before = text;
  }
}

/**
 * Reads the files that a line names which was typed at a terminal, and says what would be sent: an empty line sends `message`.
 * `isTaken`: the line is not to be sent without them.
 */
async function filesOf(
  text: string,
  session: Session,
  { stdin, finder }: ChatOptions,
): Promise<{ isTaken: boolean; message?: string }> {
  const input = readInput(text);
  if (!stdin.isTTY || finder === undefined || input.kind !== "question" || !text.includes("@"))
    return { isTaken: false };
  const { readTypedFiles } = await import("./typed-files.ts");
  const most = mostCharacters(session.state) ?? CHAT_BODY_BYTES;
  const read = await readTypedFiles(input.text, {
    finder: await finder(),
    most,
    addImage: (image) => session.images.add(image),
  });
  if (read.kind === "none") return { isTaken: false };
  if (read.kind === "refused") {
    session.note("error", read.why, read.hint ?? "Nothing was sent.");
    return { isTaken: true };
  }
  const refusal = session.refusal(read.message);
  if (refusal !== undefined) {
    session.note("error", ...refusal);
    return { isTaken: true };
  }
  const { price } = session.state;
  const cost = price === null ? "" : ` for ${counted(price, "token")}`;
  session.note("dim", `${read.told}. An empty line sends it${cost}; any other line does not.`);
  return { isTaken: true, message: read.message };
}

/** What was typed during an answer that was stopped or failed is not sent: it was meant to follow a whole one. */
function tellUnsent({ state }: Session, lines: LineReader, paper: Paper): void {
  if (state.last?.outcome === "answered") return;
  for (const line of lines.takeEarly()) if (line.trim() !== "") paper.line(`Not sent: ${line}`);
}

interface Sureness {
  /** A lone word is a question, because it was typed twice or comes from no person. */
  isSure: boolean;
  /** The command that the line before gave, and that was not run. */
  asked: string | undefined;
}

/** Returns the line if it is a command that waits for the same line again. */
async function take(
  text: string,
  session: Session,
  ui: CommandUi,
  { isSure, asked }: Sureness,
): Promise<string | undefined> {
  const prompt = session.prompts.questionOf(text);
  if (prompt !== undefined) {
    if ("why" in prompt) session.note("warn", prompt.why);
    else session.ask(prompt.question);
    return undefined;
  }
  const input = readInput(text);
  if (input.kind === "lone" && !isSure)
    session.note("dim", loneHint(input.instead, "The same line again", session.state.price));
  else if (input.kind === "question" || input.kind === "lone") session.ask(input.text);
  else if (input.kind === "command") {
    const { command, argument } = input;
    const isAgreed = text === asked;
    const what = isAgreed ? undefined : command.asks?.(session, argument, ui);
    if (what === undefined) await runCommand(session, command, argument, ui, isAgreed);
    else {
      session.note("warn", askingWords(what, "The same line again"));
      return text;
    }
  } else if (input.kind === "unknown") {
    const instead = input.nearest === undefined ? "/help lists them." : `did you mean /${input.nearest}?`;
    session.note(
      "warn",
      `There is no command /${input.name}: ${instead} //${input.name} sends it as a question.`,
    );
  }
  return undefined;
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
  paper.line(session.state.form?.reason ?? `Not logged in to ${session.place}.`);
  paper.line(`Log in first: ${commandName} login -s ${session.address}`);
  return "not_logged_in";
}
