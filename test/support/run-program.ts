import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, open, rm, writeFile, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The path of the built program; the environment can name another copy of it (installed, packed). */
export const program =
  process.env.AI_CHAT_TEST_PROGRAM ?? fileURLToPath(new URL("../../bin/ai-chat.js", import.meta.url));

/** A separate home folder for one test. */
export interface Home {
  dir: string;
  /** Processes that were started with it; those that a failed test left running are killed with the folder. */
  running: Set<ChildProcess>;
  remove(): Promise<void>;
}

export async function makeHome(): Promise<Home> {
  const dir = await mkdtemp(join(tmpdir(), "ai-chat-home-"));
  const running = new Set<ChildProcess>();
  const remove = async () => {
    for (const child of running) child.kill("SIGKILL");
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  return { dir, running, remove };
}

export interface ProgramOptions {
  home: Home;
  /** The path of another copy of the program. */
  copy?: string | undefined;
  env?: Record<string, string>;
  /** The kind of stdin; /dev/null by default. `pipe` is a real pipe, `socket` is what Node calls a pipe. */
  stdin?:
    | { pipe: string }
    | { file: string }
    | { socket: string }
    | { openPipe: true }
    | { openSocket: true };
  /** The size limit of one file in blocks of `ulimit -f`; larger writes fail as on a full disk. */
  fileLimit?: number;
  /** The user id and group id that it runs with; only root can choose another. */
  user?: number;
  /** A file that stdout goes to instead, such as /dev/full. */
  stdoutTo?: string;
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  /** Resolves when stdout (or stderr) has the text; rejects when the program ends without it. */
  sees(text: string, stream?: "stdout" | "stderr"): Promise<void>;
  /** Ends a stdin that was left open, after writing the text. */
  endInput(text?: string): void;
  ended: Promise<Ended>;
}

/** The environment that a test gives the program: only PATH comes from this machine. */
export function programEnv(home: Home, env: Record<string, string> = {}): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "",
    HOME: home.dir,
    XDG_CONFIG_HOME: join(home.dir, "config"),
    XDG_DATA_HOME: join(home.dir, "data"),
    XDG_STATE_HOME: join(home.dir, "state"),
    XDG_CACHE_HOME: process.env.AI_CHAT_TEST_CACHE ?? "",
    LANG: "C.UTF-8",
    AI_CHAT_BCRYPT_COST: "4",
    AI_CHAT_PROVIDER: "demo",
    ...env,
  };
}

/** An environment that makes the program load a module with this source first. */
export async function preload(home: Home, source: string): Promise<Record<string, string>> {
  const file = join(home.dir, "preload.mjs");
  await writeFile(file, source);
  return { NODE_OPTIONS: `--import ${pathToFileURL(file).href}` };
}

async function stdinFile({ home, stdin }: ProgramOptions): Promise<FileHandle | undefined> {
  if (!stdin || !("file" in stdin)) return undefined;
  const path = join(home.dir, "stdin.txt");
  await writeFile(path, stdin.file);
  return open(path);
}

/** Starts the program with `args`. The caller waits for `ended`. */
export async function startProgram(args: readonly string[], options: ProgramOptions): Promise<Running> {
  const { home, copy = program, env, stdin, stdoutTo, fileLimit, user } = options;
  const file = await stdinFile(options);
  const out = stdoutTo === undefined ? undefined : await open(stdoutTo, "w");
  const limited = fileLimit === undefined ? [] : ["sh", "-c", `ulimit -f ${fileLimit}; exec "$@"`, "sh"];
  const command = [...limited, process.execPath, copy, ...args];
  const piped = stdin !== undefined && ("pipe" in stdin || "openPipe" in stdin);
  const [name = "", ...rest] = piped ? ["sh", "-c", 'cat | "$@"', "sh", ...command] : command;
  const input = file?.fd ?? (stdin ? "pipe" : "ignore");
  const child = spawn(name, rest, {
    stdio: [input, out?.fd ?? "pipe", "pipe"],
    // Two copies in one cache folder would replace each other's code.
    env: programEnv(home, copy === program ? env : { XDG_CACHE_HOME: "", ...env }),
    ...(user !== undefined && { uid: user, gid: user }),
  });
  home.running.add(child);
  child.once("exit", () => home.running.delete(child));
  await file?.close();
  await out?.close();
  child.stdin?.on("error", () => {});
  if (stdin && "pipe" in stdin) child.stdin?.end(stdin.pipe);
  if (stdin && "socket" in stdin) child.stdin?.end(stdin.socket);
  return { ...watched(child), child, endInput: (text) => void child.stdin?.end(text) };
}

function watched(child: ChildProcess): Pick<Running, "sees" | "ended"> {
  const heard = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  const hear = (name: "stdout" | "stderr") => {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      heard[name] += text;
      for (const look of waiting) look();
    });
  };
  hear("stdout");
  hear("stderr");
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, ...heard }));
  });
  const sees = (text: string, stream: "stdout" | "stderr" = "stdout") =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!heard[stream].includes(text)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      const never = () =>
        reject(new Error(`It ended without ${JSON.stringify(text)}: ${JSON.stringify(heard)}`));
      ended.then(never, reject);
    });
  return { sees, ended };
}

/** Runs the program to its end. */
export async function runProgram(args: readonly string[], options: ProgramOptions): Promise<Ended> {
  return (await startProgram(args, options)).ended;
}
