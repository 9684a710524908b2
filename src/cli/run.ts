import { ClientError } from "../client/failure.ts";
import { places as placesOf } from "../client/kept/places.ts";
import { openSettings, type SettingName } from "../client/kept/settings.ts";
import { nearest } from "../text/nearest.ts";
import type { Call, EndReadAhead } from "./argv/call.ts";
import { checkOptions } from "./argv/check-options.ts";
import { checkWords } from "./argv/check-words.ts";
import { forCommand, type ParsedArgv } from "./argv/parse-argv.ts";
import { chosenCommand, firstWord, withoutCommandAsId } from "./argv/chosen-command.ts";
import { commands } from "./argv/commands.ts";
import type { Ending } from "./io/ending.ts";
import { endCode } from "./failures/exit-codes.ts";
import { FailedAt } from "./failures/failed-at.ts";
import { reportFailure } from "./failures/outcome.ts";
import { everywhere } from "./argv/options.ts";
import type { Output } from "./io/output.ts";
import type { Program } from "./argv/program.ts";
import { repeatable } from "../text/repeatable.ts";
import { resolve } from "./argv/resolve.ts";
import { parseSetting } from "./argv/settings-now.ts";
import { homeFolder } from "./io/home-folder.ts";

/** The options that are valid without a command: those of `chat` and `ask`, one of which then runs. */
const withoutCommand = [
  ...everywhere,
  ...(commands.get("chat")?.options ?? []),
  ...(commands.get("ask")?.options ?? []),
];

/** The requested help, if any: `help`, `help COMMAND`, `COMMAND --help`, `--help`. */
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

function refuseInvalid(complaints: readonly string[], hint: string): void {
  if (complaints.length > 0) throw new ClientError("usage", complaints.join("\n"), { hint });
}

interface Context {
  program: Program;
  output: Output;
  ending: Ending;
  endReadAhead?: EndReadAhead | undefined;
}

/** Reads flags, environment and settings file for a command. Throws `usage` if they are invalid. */
function read(
  argv: readonly string[],
  parsed: ParsedArgv,
  { output, program, ending, endReadAhead }: Context,
) {
  if (firstWord(parsed) === undefined)
    checkOptions(parsed, { whose: "ai-chat", taken: withoutCommand, hint: `See: ${program.name} help` });
  const { command, spec, words } = chosenCommand(parsed, output, program);
  const taken = [...(spec.common ?? everywhere), ...spec.options];
  const given = forCommand(parsed, taken);
  const isPipe = firstWord(parsed) === undefined && command === "ask";
  const hint = isPipe
    ? `For the session: ${program.name} chat --plain   Options of a question: ${program.name} ask --help`
    : command === "ask"
      ? `Quote the question, or put -- before it: ${program.name} ask "…"   Options: ${program.name} ask --help`
      : `See: ${program.name} ${command} --help`;
  // Options are checked first: the word after an unknown option may be a secret, and a message about words would quote
  // it.
  const whose = isPipe ? "Without a command a pipe is a question of ask, which" : command;
  checkOptions(given, { whose, taken, hint });
  checkWords(argv, parsed, { command, spec, words }, program);
  const { env } = process;
  const places = placesOf({ env, home: homeFolder(), platform: process.platform });
  // A copy, since PGPASSWORD is written below, and may have come from PGPASSWORD_FILE.
  const sources = { flags: given.flags, env: { ...env } };
  const readNow = () => {
    const settings = openSettings({ dir: places.config, parse: parseSetting });
    const setting = (name: SettingName) => settings.get(name);
    const { complaints, ...resolved } = resolve([...taken, ...spec.secrets], { ...sources, setting });
    // pg reads it there.
    if (complaints.length === 0 && resolved.values.storePassword !== undefined)
      env.PGPASSWORD = resolved.values.storePassword;
    return { complaints, resolved, settings };
  };
  const { complaints, resolved, settings } = readNow();
  const serverFault = resolved.sources.server === "default" ? settings.fault("server") : undefined;
  const { literal } = parsed;
  const { signal, releaseInterrupts, onSecondSignal, onHangup } = ending;
  const call: Call = {
    command,
    words,
    literal,
    program,
    output,
    // Node opens it when it is first read, which takes 2 ms.
    get stdin() {
      return process.stdin;
    },
    endReadAhead,
    places,
    env,
    signal,
    releaseInterrupts,
    onSecondSignal,
    onHangup,
    readAgain: () => {
      const again = readNow();
      refuseInvalid(again.complaints, hint);
      return again.resolved;
    },
    serverFault,
    ...resolved,
  };
  return { spec, call, complaints, problem: settings.problem };
}

export interface Ended {
  code: number;
  /** The program was interrupted and work may still be running, so the process must exit. */
  abandoned: boolean;
}

/** Runs the program. Reports failures on stderr. */
export async function run(argv: readonly string[], typed: ParsedArgv, context: Context): Promise<Ended> {
  const { program, output, ending } = context;
  let call: Call | undefined;
  const parsed = withoutCommandAsId(typed);
  try {
    const help = await helpFor(parsed, program);
    if (help !== undefined) {
      await output.write(help);
      return { code: 0, abandoned: false };
    }
    const { spec, complaints, problem, ...made } = read(argv, parsed, context);
    call = made.call;
    if (call.command !== "chat") await call.endReadAhead?.({ echo: true });
    refuseInvalid(complaints, `See: ${program.name} ${call.command} --help`);
    // `config`, and commands that need the default server, report faults in the settings themselves.
    if (problem !== undefined && call.serverFault === undefined && call.command !== "config")
      output.note(problem);
    const work = (await spec.run())(call);
    const charged = call.command === "ask" ? "maybe" : "no";
    const code = await Promise.race([work, ending.after(spec.grace, charged)]);
    // A command with infinite grace, such as `serve`, completes normally after a signal, unless its terminal is gone.
    const isStop = spec.grace === Number.POSITIVE_INFINITY && ending.by !== "SIGHUP";
    const stoppedBy = isStop ? undefined : ending.by;
    return { code: endCode(code ?? 0, stoppedBy), abandoned: false };
  } catch (error) {
    // After a signal the program does not wait for pending work, such as connecting to a proxy that does not answer.
    const abandoned = ending.isOver || ending.by !== undefined;
    const failed = error instanceof FailedAt ? { error: error.cause, call: error.call } : { error, call };
    return { code: await reportFailure(failed, output, ending), abandoned };
  }
}
