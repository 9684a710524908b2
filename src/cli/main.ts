import { fileURLToPath } from "node:url";
import packageJson from "../../package.json" with { type: "json" };
import { commandName } from "./command-name.ts";
import { sortArgv } from "./words.ts";
import { colorWish, hasColor, tellPackages } from "./terminal.ts";
import { createOutput, ClosedPipe, type Output } from "./output.ts";
import { createEnding, type Ending } from "./ending.ts";
import { signalCodes } from "./exit-codes.ts";
import type { Ended } from "./run.ts";

/** The exit code of a failure, told on stderr in the form that was asked for. */
async function told(
  { error, call }: { error: unknown; call?: unknown },
  output: Output,
  ending: Ending,
): Promise<number> {
  if (error instanceof ClosedPipe || ending.signal.reason instanceof ClosedPipe) return 0;
  const { failureOf, failureLine, failureWords, interruption } = await import("./report.ts");
  const failure = await failureOf(
    ending.by === undefined ? error : interruption(error),
    call as Parameters<typeof failureOf>[1],
  );
  const words = output.json ? failureLine(failure) : failureWords(failure, output.color.stderr);
  const stack = process.env.AI_CHAT_DEBUG === "1" && error instanceof Error ? `${error.stack}\n` : "";
  await new Promise((resolve) => output.stderr.write(`${words}\n${output.json ? "" : stack}`, resolve));
  return failure.exit;
}

async function exitCode({ result }: Ended, output: Output, ending: Ending): Promise<number> {
  if ("code" in result) return result.code;
  const code = await told(result, output, ending);
  return ending.by === undefined ? code : signalCodes[ending.by];
}

async function main(): Promise<void> {
  const { argv, env, stdout, stderr } = process;
  const sorted = sortArgv(argv.slice(2));
  const wish = colorWish(sorted.switches.has("noColor"), env);
  const color = { stdout: hasColor(stdout, wish, env), stderr: hasColor(stderr, wish, env) };
  tellPackages(wish, env);
  const ending = createEnding();
  const output = createOutput({
    stdout,
    stderr,
    json: sorted.switches.has("json"),
    quiet: sorted.switches.has("quiet"),
    color,
    onClosed: ending.closedPipe,
  });
  const program = {
    name: commandName(argv[1] ?? "", fileURLToPath(import.meta.url), env),
    version: packageJson.version,
  };
  const fail = async (error: unknown) => {
    await told({ error }, output, ending);
    process.exit(1);
  };
  process.on("uncaughtException", (error) => void fail(error));

  if (sorted.switches.has("version")) {
    await output.write(`${program.version}\n`);
    return;
  }
  const { run } = await import("./run.ts");
  const ended = await run(sorted, { program, output, ending });
  process.exitCode = await exitCode(ended, output, ending);
  if (ended.abandoned) process.exit();
}

await main();
