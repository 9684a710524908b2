import { homedir } from "node:os";
import { ClientError } from "../client/client-error.ts";
import { places as placesOf } from "../client/places.ts";
import { openSettings } from "../client/settings.ts";
import type { Call } from "./call.ts";
import { checkWords, chosenCommand } from "./chosen-command.ts";
import { commands } from "./commands.ts";
import type { Ending } from "./ending.ts";
import { signalCodes } from "./exit-codes.ts";
import { everywhere } from "./options.ts";
import type { Output } from "./output.ts";
import type { Program } from "./program.ts";
import { repeatable } from "./repeatable.ts";
import { resolve } from "./resolve.ts";
import { parseSetting } from "./settings-now.ts";
import { nearest, type SortedArgv } from "./words.ts";

/** What may stand without a command: the options of what is done then. */
const withoutCommand = new Set([
  ...everywhere,
  ...(commands.get("chat")?.options ?? []),
  ...(commands.get("ask")?.options ?? []),
]);

/** The help that was asked for, if any: `help`, `help COMMAND`, `COMMAND --help`, `--help`. */
async function helpFor(argv: SortedArgv, program: Program): Promise<string | undefined> {
  const { first, words, switches } = argv;
  if (first !== "help" && !switches.has("help")) return undefined;
  const { commandHelp, programHelp, topics } = await import("./help.ts");
  const command = first === "help" ? words[0] : first;
  if (command === undefined || command === "help") return programHelp(program.name, program.version);
  const spec = commands.get(command);
  if (spec) return commandHelp(command, spec, program.name);
  const topic = first === "help" ? topics.get(command) : undefined;
  if (topic) return topic.help();
  const close = nearest(command, [...commands.keys(), ...topics.keys()]);
  throw new ClientError("usage", `There is no command ${JSON.stringify(repeatable(command))}.`, {
    hint:
      close === undefined
        ? `All commands: ${program.name} help`
        : `Did you mean: ${program.name} help ${close}`,
  });
}

/**
 * Reads flags, environment and settings file for a command. Throws `usage` with all complaints at once. `onLog` is
 * called where stderr is a log of JSON lines, before any complaint.
 */
async function read(argv: SortedArgv, output: Output, program: Program, env: Call["env"], onLog: () => void) {
  const { parseFlags } = await import("./parse-flags.ts");
  if (argv.first === undefined) parseFlags(withoutCommand, argv.rest, `See: ${program.name} help`);
  const { command, spec } = chosenCommand(argv, output, program);
  if (spec.words !== undefined) checkWords(argv, command, spec, program);
  const common = spec.common ?? everywhere;
  const hint =
    command === "ask"
      ? `Quote the question, or put -- before it: ${program.name} ask "…"   Options: ${program.name} ask --help`
      : `See: ${program.name} ${command} --help`;
  const flags = parseFlags([...common, ...spec.options], argv.rest, hint);
  // Only now: what stands behind an option that there isn't may be a secret, and isn't to be quoted as a word.
  if (spec.words === undefined) checkWords(argv, command, spec, program);
  const places = placesOf({ env, home: homedir(), platform: process.platform });
  const settings = openSettings({ dir: places.config, parse: parseSetting });
  const { complaints, ...resolved } = resolve([...common, ...spec.options, ...spec.secrets], {
    flags,
    env,
    setting: (name) => settings.get(name),
  });
  const { values, sources } = resolved;
  if (command === "serve" && values.log === "json") onLog();
  if (complaints.length > 0)
    throw new ClientError("usage", complaints.join("\n"), { hint: `See: ${program.name} ${command} --help` });
  const serverFault = sources.server === "default" ? settings.fault("server") : undefined;
  // `config`, and what would have to guess its server, say themselves what is wrong with the settings, once.
  if (settings.problem !== undefined && serverFault === undefined && command !== "config")
    output.note(settings.problem);
  return { command, spec, places, ...resolved, serverFault };
}

/** A failure with the call that it belongs to, for the hints. */
export interface Failed {
  error: unknown;
  call: Call | undefined;
  /** stderr is a log of JSON lines (`serve --log json`). */
  isLog: boolean;
}

/** How the program ended. */
export interface Ended {
  /** Exit code, or what went wrong. */
  result: { code: number } | Failed;
  /** The program was told to end, and something may still be running: it has to be left. */
  abandoned: boolean;
}

/** Runs the program for its arguments. Never rejects. */
export async function run(
  argv: SortedArgv,
  { program, output, ending }: { program: Program; output: Output; ending: Ending },
): Promise<Ended> {
  let call: Call | undefined;
  let isLog = false;
  try {
    const help = await helpFor(argv, program);
    if (help !== undefined) {
      await output.write(help);
      return { result: { code: 0 }, abandoned: false };
    }
    const { env, stdin } = process;
    const { command, spec, ...resolved } = await read(argv, output, program, env, () => {
      isLog = true;
    });
    const { words, literal } = argv;
    const { signal, spareInterrupts } = ending;
    call = {
      command,
      words,
      literal,
      program,
      output,
      stdin,
      env,
      signal,
      spareInterrupts,
      goOnAs: (there) => {
        call = there;
      },
      ...resolved,
    };
    const work = (await spec.run())(call);
    const code = await Promise.race([work, ending.after(spec.grace)]);
    // What ends by itself in any case has done its work when it was told to stop.
    const { by } = ending;
    const done = by === undefined || spec.grace === Number.POSITIVE_INFINITY;
    return { result: { code: done ? (code ?? 0) : signalCodes[by] }, abandoned: false };
  } catch (error) {
    // What is told to end and has ended waits for nothing else, such as a proxy that takes no connection.
    return { result: { error, call, isLog }, abandoned: ending.isOver || ending.by !== undefined };
  }
}
