import { PassThrough } from "node:stream";
import { vi } from "vitest";
import { parseArgv } from "../../src/cli/argv/parse-argv.ts";
import { createOutput } from "../../src/cli/io/output.ts";
import { run } from "../../src/cli/run.ts";
import { programEnv, type Ended, type Home } from "./run-program.ts";

/** An output stream that is not a terminal; `text()` returns everything that was written to it. */
function recorded() {
  const stream = new PassThrough();
  const heard: string[] = [];
  stream.setEncoding("utf8").on("data", (piece: string) => heard.push(piece));
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => heard.join("") };
}

/**
 * Gives this process the environment that the program has in `home`, until `vi.unstubAllEnvs`; it has no proxy of this
 * machine.
 */
export function moveInto(home: Home, env: Record<string, string> = {}): void {
  for (const name of Object.keys(process.env)) if (/_proxy$/i.test(name)) vi.stubEnv(name, undefined);
  for (const [name, value] of Object.entries(programEnv(home, env))) vi.stubEnv(name, value);
}

/**
 * Runs the program in this process with these arguments and its environment: for tables whose rows need no process of
 * their own. Tests of signals and stdin spawn the program.
 */
export async function runInside(args: readonly string[]): Promise<Omit<Ended, "signal">> {
  const parsed = parseArgv(args);
  const [stdout, stderr] = [recorded(), recorded()];
  const output = createOutput({
    stdout: stdout.stream,
    stderr: stderr.stream,
    json: parsed.flags.has("json"),
    quiet: parsed.flags.has("quiet"),
    color: { stdout: false, stderr: false },
    onClosed: () => {},
  });
  const ending = {
    signal: new AbortController().signal,
    by: undefined,
    isOver: false,
    closedPipe: () => {},
    releaseInterrupts: () => {},
    onSecondSignal: () => {},
    onHangup: () => {},
    after: () => new Promise<never>(() => {}),
  };
  const program = { name: "ai-chat", version: "0.0.0" };
  const { code } = await run(args, parsed, { program, output, ending });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

/** {@link runInside} in a home: as `runProgram`, without stdin and signals, and one at a time. */
export async function runInHome(
  args: readonly string[],
  { home, env }: { home: Home; env?: Record<string, string> },
): Promise<Omit<Ended, "signal">> {
  moveInto(home, env);
  try {
    return await runInside(args);
  } finally {
    vi.unstubAllEnvs();
  }
}
