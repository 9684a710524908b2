import { createApiClient } from "../../../client/http/api-client.ts";
import { ClientError } from "../../../client/failure.ts";
import { askedModel } from "../../connection/asked-model.ts";
import { checkAnswers } from "../../connection/answers.ts";
import type { Beginning } from "../../../session/saved.ts";
import { beginningOf, isEverywhere } from "./beginning.ts";
import type { Call } from "../../argv/call.ts";
import { checkServerKnown, chooseServer, type Chosen } from "../../connection/chosen-server.ts";
import { defaultServer } from "../../argv/options.ts";
import { connect, type Target } from "../../connection/target.ts";
import { failingAt } from "../../failures/failed-at.ts";
import { holdSession } from "./session.ts";
import { wantsPlain } from "../../io/terminal.ts";

/** Throws `usage` if a session is not possible. Runs before anything is connected or drawn. */
function checkTerminal({ values, output, stdin, program }: Call, plain: boolean): void {
  const { name } = program;
  if (output.json)
    throw new ClientError("usage", "The session has no --json.", {
      hint: `For programs: ${name} ask --json "What is a monad?"`,
    });
  if (values.noStdin || (values.noInput && !plain))
    throw new ClientError(
      "usage",
      "The session needs keyboard input, which --no-input and --no-stdin forbid.",
      {
        hint: `To ask one thing: ${name} ask "What is a monad?"`,
      },
    );
  if (plain || (stdin.isTTY && output.stdout.isTTY)) return;
  throw new ClientError("usage", "The session needs a terminal as stdin and stdout.", {
    hint: `Without one: ${name} ask "What is a monad?", or one question per line: ${name} chat --plain`,
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

/** The chosen server, or one at the default address, or `local` (docs/cli.md#your-own-server). */
async function sessionServer(call: Call): Promise<{ chosen: Chosen; why: string | undefined }> {
  if (call.values.server !== undefined) return { chosen: chooseServer(call, "optional"), why: undefined };
  checkServerKnown(call);
  const usual = await isThere(defaultServer);
  const server = usual ? defaultServer : "local";
  const chosen = chooseServer({ ...call, values: { ...call.values, server } }, "optional");
  const why = usual
    ? `No server is set; using the one at ${defaultServer}.`
    : `No server is set, and none is at ${defaultServer}; using your own: local.`;
  return { chosen, why };
}

/** Throws `not_offered` if questions at this server can't name a model. */
async function checkModels({ client }: Target): Promise<void> {
  // What was learned hours ago is asked again before it fails.
  if (!(await client.offer()).extensions.has("models")) await client.models();
}

/** The first lines of the session: which server and why, and whether it is a demo. */
async function intro(
  { program, output }: Call,
  { name, client, started }: Target,
  why: string | undefined,
): Promise<string[]> {
  if (output.quiet) return [];
  const model = started?.model ?? (name === "local" ? (await client.offer()).model : null);
  const demo =
    model === "demo" ? [`A demo answers. To connect a model: AI_CHAT_API_KEY=... ${program.name}`] : [];
  return [...demo, ...(why === undefined ? [] : [why])];
}

/** `chat`: the interactive session. */
export async function chat(call: Call): Promise<number> {
  const plain = wantsPlain(call.values.plain, call.env);
  checkTerminal(call, plain);
  // At a terminal Ctrl-C first stops the answer. Without one it ends the program: nobody can type a next line.
  if (plain && call.stdin.isTTY) call.releaseInterrupts();
  const { beginning, there } = await beginningOf(call);
  const how = { plain, beginning, everywhere: isEverywhere(call), isNamed: call.sources.server === "flag" };
  return failingAt(there, () => chatAt(there, how));
}

interface How {
  plain: boolean;
  beginning: Beginning | undefined;
  /** Conversations of all servers are offered. */
  everywhere: boolean;
  /** The user named the server. */
  isNamed: boolean;
}

async function chatAt(there: Call, how: How): Promise<number> {
  const { chosen, why } = await sessionServer(there);
  const target = await connect(there, chosen);
  try {
    // The session is loaded while the server answers.
    const loading = async () => (await import("../../../tui/chat.ts")).loadChat(how.plain);
    if (why === undefined && chosen.name !== "local")
      await Promise.all([checkAnswers(target, there), loading()]);
    const model = askedModel(there, chosen.name);
    if (model?.from === "flag") await checkModels(target);
    return await holdSession(there, target, { ...how, model, lines: await intro(there, target, why) });
  } finally {
    await target.close();
  }
}
