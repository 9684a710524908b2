import packageJson from "../../package.json" with { type: "json" };
import { commandName } from "./argv/command-name.ts";
import type { EndReadAhead } from "./argv/call.ts";
import { firstWord } from "./argv/chosen-command.ts";
import { parseArgv, type ParsedArgv } from "./argv/parse-argv.ts";
import { colorPreference, hasColor, setColorVariables } from "./io/terminal.ts";
import { createOutput } from "./io/output.ts";
import { createEnding } from "./io/ending.ts";
import { reportFailure } from "./failures/outcome.ts";
import { run } from "./run.ts";

/** Whether this is a `serve` that no terminal can hang up on. Node cannot see that `nohup` ignores SIGHUP. */
async function outlivesHangup(parsed: ParsedArgv): Promise<boolean> {
  if (firstWord(parsed) !== "serve") return false;
  const { isatty } = await import("node:tty");
  return ![0, 1, 2].some((descriptor) => isatty(descriptor));
}

/** The root of the disk if the folder was removed. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return "/";
  }
}

/** Runs the program with the arguments and streams of this process. */
export async function main(endReadAhead?: EndReadAhead): Promise<void> {
  const { argv, env, stdout, stderr } = process;
  // Until this function ends: if nothing is left to wait for before, Node ends with this code, as at a top-level await.
  process.exitCode = 13;
  if (argv[2] === "__complete") {
    const { complete } = await import("./commands/completion/complete.ts");
    stdout.write(await complete(argv.slice(3), env));
    process.exitCode = 0;
    return;
  }
  const parsed = parseArgv(argv.slice(2));
  const preference = colorPreference(parsed.flags.has("noColor"), env);
  const color = { stdout: hasColor(stdout, preference, env), stderr: hasColor(stderr, preference, env) };
  setColorVariables(preference, env);
  const ending = createEnding({ outlivesHangup: await outlivesHangup(parsed) });
  const output = createOutput({
    stdout,
    stderr,
    json: parsed.flags.has("json"),
    quiet: parsed.flags.has("quiet"),
    color,
    onClosed: ending.closedPipe,
  });
  const program = {
    name: commandName({
      script: argv[1] ?? "",
      program: import.meta.filename,
      cwd: workingFolder(),
      env,
      platform: process.platform,
    }),
    version: packageJson.version,
  };
  const fail = async (failure: unknown) => {
    let code = 1;
    try {
      code = await reportFailure({ error: failure, call: undefined }, output, ending);
    } catch (missing) {
      // A file of the program is gone, for instance because another version was installed meanwhile. Thrown, it would come
      // here again, without end.
      stderr.write(`${String(failure)}\n${String(missing)}\n`);
    }
    await output.flushed();
    process.exit(code);
  };
  process.on("uncaughtException", (error) => void fail(error));

  if (parsed.flags.has("version")) {
    await output.write(`${program.version}\n`);
    process.exitCode = 0;
    return;
  }
  const { code, abandoned } = await run(argv.slice(2), parsed, { program, output, ending, endReadAhead });
  process.exitCode = code;
  const isFlushed = await output.flushed();
  if (abandoned || !isFlushed) process.exit();
}
