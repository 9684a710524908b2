import { join } from "node:path";
import { tokenExpiry } from "../client/token.ts";
import type { Entry, InputHistory, TerminalTraits } from "../tui/options.ts";
import type { Call } from "./call.ts";
import type { Target } from "./target.ts";
import { isAscii } from "./terminal.ts";

const shownName = (name: string) => (name === "local" ? name : name.replace(/^https?:\/\//, ""));

async function traits({ output, env }: Call): Promise<TerminalTraits> {
  const { reflowOf } = await import("../tui/terminal/reflow.ts");
  return {
    color: output.color.stdout,
    ascii: isAscii(env),
    tmux: Boolean(env.TMUX),
    screen: Boolean(env.STY),
    reflow: reflowOf(env),
    term: env.TERM ?? "",
  };
}

/** What was typed in earlier sessions; for the drawn session, where there is a folder for it. */
async function openInputHistory(
  { places }: Call,
  lost: Set<string>,
): Promise<(InputHistory & { close(): Promise<void> }) | undefined> {
  if (places.state === undefined) return undefined;
  const { openHistory } = await import("../tui/composer/history-file.ts");
  const troubles = { read: "can't be read", write: "can't be written", broken: "is broken in part" };
  return openHistory({
    file: join(places.state, "history.jsonl"),
    onProblem: ({ kind, file }) =>
      lost.add(`${file} ${troubles[kind]}: what you type isn't kept whole there.`),
  });
}

/** The session itself; what couldn't be kept of it is said when it is over. */
export async function holdSession(
  call: Call,
  target: Target,
  { plain, lines }: { plain: boolean; lines: string[] },
): Promise<number> {
  const { output, stdin, program, signal } = call;
  const { name, client, credentials, token } = target;
  const lost = new Set<string>();
  const keep = async (kept: ReturnType<typeof credentials.set>) => {
    const result = await kept;
    if (!result.kept) lost.add(result.why);
  };
  const inputHistory = plain ? undefined : await openInputHistory(call, lost);
  const { runChat } = await import("../tui/chat.ts");
  const end = await runChat({
    stdin,
    stdout: output.stdout,
    stderr: output.stderr,
    terminal: await traits(call),
    target: {
      server: shownName(name),
      local: name === "local",
      client,
      entry: token && { username: token.username, token: token.token },
    },
    saveLogin: ({ username, token: kept }: Entry) =>
      keep(
        credentials.set(name, {
          username: username ?? "",
          token: kept,
          expires: tokenExpiry(kept) ?? undefined,
        }),
      ),
    forgetLogin: () => keep(credentials.remove(name)),
    plain,
    intro: lines,
    version: program.version,
    commandName: program.name,
    signal,
    inputHistory,
  });
  await inputHistory?.close();
  for (const why of lost) output.note(why);
  return end.exitCode;
}
