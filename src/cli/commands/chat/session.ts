import { join } from "node:path";
import { ClientError } from "../../../client/failure.ts";
import type { Finder } from "../../../client/files/finder.ts";
import { openTextFolders } from "../../../client/kept/own-texts.ts";
import type { ChatOptions, InputHistory, TerminalTraits } from "../../../tui/options.ts";
import type { Connection } from "../../../session/connection.ts";
import type { Beginning } from "../../../session/saved.ts";
import { askedModel } from "../../connection/asked-model.ts";
import { checkAnswers } from "../../connection/answers.ts";
import { exitCodes } from "../../failures/exit-codes.ts";
import { conversationsOf } from "./beginning.ts";
import type { Call } from "../../argv/call.ts";
import { chooseServer } from "../../connection/chosen-server.ts";
import { makeDefault } from "../../connection/keep-login.ts";
import { copyLocally } from "../../io/clipboard.ts";
import { readKeysFile } from "../../io/own-keys.ts";
import { editFile, editText } from "../../io/editor.ts";
import { homeFolder } from "../../io/home-folder.ts";
import { createTextFiles } from "../../io/text-files.ts";
import { options } from "../../argv/options.ts";
import { connect, type Target } from "../../connection/target.ts";
import { isAscii, themeTraits } from "../../io/terminal.ts";
import { letterTraits, windowTraits } from "../../io/terminal-traits.ts";

async function traits({ output, env, values: { theme } }: Call): Promise<TerminalTraits> {
  const { reflowOf } = await import("../../../tui/terminal/reflow.ts");
  return {
    ...themeTraits(theme, output.color.stdout),
    ...letterTraits(env),
    ...windowTraits(env),
    ascii: isAscii(env),
    tmux: Boolean(env.TMUX),
    screen: Boolean(env.STY),
    reflow: reflowOf(env),
    term: env.TERM ?? "",
  };
}

/** The input of earlier sessions; undefined if there is no folder for it. */
async function openInputHistory(
  { places }: Call,
  lost: Set<string>,
): Promise<(InputHistory & { close(): Promise<void> }) | undefined> {
  if (places.state === undefined) return undefined;
  const { openHistory } = await import("../../../tui/composer/history-file.ts");
  const troubles = { read: "can't be read", write: "can't be written", broken: "is broken in part" };
  return openHistory({
    file: join(places.state, "history.jsonl"),
    onProblem: ({ kind, file }) =>
      lost.add(`${file} ${troubles[kind]}: what you type isn't kept whole there.`),
  });
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // The process exists and belongs to another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/** The unsent input of an earlier session that was killed. */
async function openDraftFile({ places }: Call) {
  if (places.state === undefined) return undefined;
  const { openDraft } = await import("../../../tui/composer/draft-file.ts");
  return openDraft({ dir: places.state, pid: process.pid, isAlive });
}

/** Connects to the server given to `/server`. AI_CHAT_TOKEN and `--model` are only for the first server. */
async function connectElsewhere(call: Call, typed: string): Promise<Target & Connection> {
  const wrong = () =>
    new ClientError("usage", "/server takes local, or an address like https://chat.example.org.");
  const parsed = (): string | undefined => {
    try {
      return options.server.parse(typed);
    } catch {
      throw wrong();
    }
  };
  const askModel = call.sources.askModel === "flag" ? undefined : call.values.askModel;
  const values = { ...call.values, server: parsed(), token: undefined, askModel };
  const there: Call = { ...call, values };
  const target = await connect(there, chooseServer(there, "optional"));
  try {
    if (target.name !== "local") await checkAnswers(target, call);
    return {
      ...target,
      model: askedModel(there, target.name),
      makeDefault: () => makeDefault(call, target.name),
    };
  } catch (error) {
    await target.close();
    throw error;
  }
}

/** Adds a listener to a process event. Returns a function that removes it. */
const listenTo = (event: "SIGINT" | "exit") => (listener: () => void) => {
  process.on(event, listener);
  return () => void process.off(event, listener);
};

/** Opens the finder of files at its first use. */
function finderOf(env: Call["env"]): () => Promise<Finder> {
  let opened: Promise<Finder> | undefined;
  const open = async () => {
    const { createFinder } = await import("../../../client/files/finder.ts");
    const home = homeFolder();
    const { XDG_CONFIG_HOME: config = home === undefined ? undefined : join(home, ".config") } = env;
    const ignored = config === undefined ? undefined : join(config, "git", "ignore");
    return createFinder({ working: process.cwd(), home, ignored });
  };
  return () => (opened ??= open());
}

interface SessionOptions {
  plain: boolean;
  /** undefined with `--quiet`. */
  intro: ChatOptions["intro"];
  /** Conversations of all servers are offered. */
  everywhere: boolean;
  /** The user named the server. */
  isNamed: boolean;
  beginning: Beginning | undefined;
  model: Connection["model"];
  role: ChatOptions["role"];
}

/** Runs the session. At its end, notes report what could not be saved. */
export async function holdSession(call: Call, target: Target, how: SessionOptions): Promise<number> {
  const { output, stdin, program, signal, values, env } = call;
  const lost = new Set<string>();
  const opened: Target[] = [];
  const inputHistory = how.plain ? undefined : await openInputHistory(call, lost);
  const draft = how.plain ? undefined : await openDraftFile(call);
  // The draft is also saved if the process exits before the session ends.
  const flushDraft = () => draft?.flush();
  const stopFlushing = listenTo("exit")(flushDraft);
  const { runChat } = await import("../../../tui/chat.ts");
  const options: ChatOptions = {
    connection: {
      ...target,
      model: how.model,
      ...(how.isNamed ? { makeDefault: () => makeDefault(call, target.name) } : {}),
    },
    onLoginProblem: (why) => lost.add(why),
    stdin,
    endReadAhead: () => void call.endReadAhead?.({ echo: false }),
    stdout: output.stdout,
    stderr: output.stderr,
    terminal: await traits(call),
    plain: how.plain,
    notify: values.notify,
    keys: how.plain ? undefined : await readKeysFile(call.places.config),
    intro: how.intro,
    version: program.version,
    commandName: program.name,
    debug: env.AI_CHAT_DEBUG === "1",
    signal,
    onInterrupt: listenTo("SIGINT"),
    onExit: listenTo("exit"),
    inputHistory,
    draft,
    saving: {
      conversations: conversationsOf(call, (why) => lost.add(why)),
      save: values.save && !values.noSave,
      everywhere: how.everywhere,
      showCommand: `${program.name} conversations show`,
    },
    beginning: how.beginning,
    async connectTo(typed) {
      const other = await connectElsewhere(call, typed);
      opened.push(other);
      return other;
    },
    editText: (text) => editText(values.editor, text),
    editFile: (path) => editFile(values.editor, path),
    texts: openTextFolders(call.places.config),
    role: how.role,
    files: createTextFiles(homeFolder()),
    finder: finderOf(env),
    copyLocally: (text) => copyLocally(text, { env, platform: process.platform }),
    async pasteImage() {
      const { clipboardImage } = await import("../../io/clipboard-image.ts");
      return clipboardImage({ env, platform: process.platform });
    },
  };
  // After Ctrl-C while the program was loading, nothing is asked or drawn.
  const end = signal.aborted ? "left" : await runChat(options);
  await inputHistory?.close();
  stopFlushing();
  if (end === "left" && !signal.aborted) draft?.close();
  else flushDraft();
  for (const other of opened) await other.close();
  for (const why of lost) output.note(why);
  return end === "left" ? 0 : exitCodes[end === "fault" ? "internal" : end];
}
