import { createApiClient } from "../../client/api-client.ts";
import { ClientError } from "../../client/client-error.ts";
import type { Entry } from "../../tui/options.ts";
import type { Call } from "../call.ts";
import { chooseServer, connect, usualServer, type Chosen, type Target } from "../target.ts";
import { isAscii, wantsPlain } from "../terminal.ts";

/** A session that can't be held here is refused before anything is connected to or drawn. */
function checkTerminal({ values, output, stdin, program }: Call, plain: boolean): void {
  const { name } = program;
  if (output.json)
    throw new ClientError("usage", "The session has no --json.", {
      hint: `For programs: ${name} ask --json "What is a monad?"`,
    });
  if (values.noStdin || (values.noInput && !plain))
    throw new ClientError("usage", "The session needs somebody who types.", {
      hint: `To ask one thing: ${name} ask "What is a monad?"`,
    });
  if (plain || (stdin.isTTY && output.stdout.isTTY)) return;
  throw new ClientError("usage", "The session needs a terminal at both ends.", {
    hint: `Without one: ${name} ask "What is a monad?", or a question a line: ${name} chat --plain`,
  });
}

async function isThere(server: string): Promise<boolean> {
  const probe = createApiClient({ server });
  try {
    return await probe.isChatServer();
  } finally {
    await probe.close();
  }
}

/** The server of the session (CLI.md §3): the chosen one, else the usual address if one is there, else `local`. */
async function sessionServer(call: Call): Promise<{ chosen: Chosen; why: string | undefined }> {
  if (call.values.server !== undefined) return { chosen: chooseServer(call, "optional"), why: undefined };
  const usual = await isThere(usualServer);
  const server = usual ? usualServer : "local";
  const chosen = chooseServer({ ...call, values: { ...call.values, server } }, "optional");
  const why = usual
    ? `No server is set; using the one at ${usualServer}.`
    : `No server is set, and none is at ${usualServer}; using your own: local.`;
  return { chosen, why };
}

/** Fails where a named server doesn't answer at all; what it answers is the session's to deal with. */
async function checkAnswers({ client, token }: Target, signal: AbortSignal): Promise<void> {
  const probe = token ? client : createApiClient({ server: client.server, token: "none", silence: 10 });
  try {
    await probe.balance(signal);
  } catch (error) {
    if (!(error instanceof ClientError) || ["unreachable", "timeout", "interrupted"].includes(error.code))
      throw error;
  } finally {
    if (probe !== client) await probe.close();
  }
}

/** What the first lines say: which server and why, and that it is a demo. */
async function intro(
  { program, output }: Call,
  { name, client, started }: Target,
  why: string | undefined,
): Promise<string[]> {
  if (output.quiet) return [];
  const model = started?.model ?? (name === "local" ? (await client.offer()).model : null);
  const demo =
    model === "demo"
      ? [
          `A demo answers here. To connect a model: AI_CHAT_API_KEY=... AI_CHAT_MODEL=gpt-4o-mini ${program.name} -s local`,
        ]
      : [];
  return [...demo, ...(why === undefined ? [] : [why])];
}

const shownName = (name: string) => (name === "local" ? name : name.replace(/^https?:\/\//, ""));

/** The session itself; what couldn't be kept of its logins is said when it is over. */
async function hold(
  call: Call,
  target: Target,
  { plain, lines }: { plain: boolean; lines: string[] },
): Promise<number> {
  const { output, stdin, env, program } = call;
  const { name, client, credentials, token } = target;
  const lost = new Set<string>();
  const keep = async (kept: ReturnType<typeof credentials.set>) => {
    const result = await kept;
    if (!result.kept) lost.add(result.why);
  };
  const { runChat } = await import("../../tui/chat.ts");
  const end = await runChat({
    stdin,
    stdout: output.stdout,
    stderr: output.stderr,
    terminal: {
      color: output.color.stdout,
      ascii: isAscii(env),
      tmux: env.TMUX !== undefined && env.TMUX !== "",
      term: env.TERM ?? "",
    },
    target: {
      server: shownName(name),
      local: name === "local",
      client,
      entry: token && { username: token.username, token: token.token },
    },
    saveLogin: ({ username, token }: Entry) =>
      keep(credentials.set(name, { username: username ?? "", token })),
    forgetLogin: () => keep(credentials.remove(name)),
    plain,
    intro: lines,
    version: program.version,
    commandName: program.name,
  });
  for (const why of lost) output.note(why);
  return end.exitCode;
}

/** `chat`: the interactive session. */
export async function chat(call: Call): Promise<number> {
  const plain = wantsPlain(call.values.plain, call.env);
  checkTerminal(call, plain);
  const { chosen, why } = await sessionServer(call);
  const target = await connect(call, chosen);
  try {
    if (why === undefined && chosen.name !== "local") await checkAnswers(target, call.signal);
    return await hold(call, target, { plain, lines: await intro(call, target, why) });
  } finally {
    await target.close();
  }
}
