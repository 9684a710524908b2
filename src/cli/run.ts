import { homedir } from "node:os";
import { ClientError } from "../client/failure.ts";
import { places as placesOf } from "../client/kept/places.ts";
import { openSettings } from "../client/kept/settings.ts";
import { nearest } from "../text/nearest.ts";
import type { Call } from "./argv/call.ts";
import { checkOptions } from "./argv/check-options.ts";
import { checkWords } from "./argv/check-words.ts";
import type { ParsedArgv } from "./argv/parse-argv.ts";
import { chosenCommand, firstWord, withoutCommandAsId } from "./argv/chosen-command.ts";
import { commands } from "./argv/commands.ts";
import type { Ending } from "./io/ending.ts";
import { signalCodes } from "./failures/exit-codes.ts";
import { everywhere } from "./argv/options.ts";
import type { Output } from "./io/output.ts";
import type { Program } from "./argv/program.ts";
import { repeatable } from "../text/repeatable.ts";
import { resolve } from "./argv/resolve.ts";
import { parseSetting } from "./argv/settings-now.ts";

/** What may stand without a command: the options of what is done then. */
const withoutCommand = [
  ...everywhere,
  ...(commands.get("chat")?.options ?? []),
  ...(commands.get("ask")?.options ?? []),
];

/** The help that was asked for, if any: `help`, `help COMMAND`, `COMMAND --help`, `--help`. */
async function helpFor(parsed: ParsedArgv, program: Program): Promise<string | undefined> {
  const first = firstWord(parsed);
  if (first !== "help" && !parsed.flags.has("help")) return undefined;
  const { commandHelp, programHelp, topics } = await import("./help/help.ts");
  const command = first === "help" ? parsed.words[1] : first;
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
async function read(
  argv: readonly string[],
  parsed: ParsedArgv,
  { output, program, env, onLog }: { output: Output; program: Program; env: Call["env"]; onLog: () => void },
) {
  if (firstWord(parsed) === undefined)
    checkOptions(parsed, { whose: "ai-chat", taken: withoutCommand, hint: `See: ${program.name} help` });
  const { command, spec, words, flags } = chosenCommand(parsed, output, program);
  const taken = [...(spec.common ?? everywhere), ...spec.options];
  const hint =
    command === "ask"
      ? `Quote the question, or put -- before it: ${program.name} ask "…"   Options: ${program.name} ask --help`
      : `See: ${program.name} ${command} --help`;
  // First: the word after an option that does not exist may be a secret, which a complaint about words would quote.
  checkOptions(parsed, { whose: command, taken, hint });
  checkWords(argv, parsed, { command, spec, words }, program);
  const places = placesOf({ env, home: homedir(), platform: process.platform });
  const settings = openSettings({ dir: places.config, parse: parseSetting });
  const { complaints, ...resolved } = resolve([...taken, ...spec.secrets], {
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
  return { command, spec, words, literal: parsed.literal, places, ...resolved, serverFault };
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
  argv: readonly string[],
  typed: ParsedArgv,
  { program, output, ending }: { program: Program; output: Output; ending: Ending },
): Promise<Ended> {
  let call: Call | undefined;
  let isLog = false;
  const parsed = withoutCommandAsId(typed);
  try {
    const help = await helpFor(parsed, program);
    if (help !== undefined) {
      await output.write(help);
      return { result: { code: 0 }, abandoned: false };
    }
    const { env, stdin } = process;
    const { command, spec, ...resolved } = await read(argv, parsed, {
      output,
      program,
      env,
      onLog: () => {
        isLog = true;
      },
    });
    const { signal, spareInterrupts } = ending;
    call = {
      command,
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
