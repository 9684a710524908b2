import { createApiClient } from "../../../client/http/api-client.ts";
import { ClientError } from "../../../client/failure.ts";
import type { ChatOptions } from "../../../tui/options.ts";
import { askedModel } from "../../connection/asked-model.ts";
import { askedRole } from "../../connection/asked-role.ts";
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
  if (values.noInput && !plain)
    throw new ClientError("usage", "The session needs keyboard input, which --no-input forbids.", {
      hint: `To ask one thing: ${name} ask "What is a monad?"`,
    });
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
async function sessionServer(call: Call): Promise<Chosen> {
  if (call.values.server !== undefined) return chooseServer(call, "optional");
  checkServerKnown(call);
  const server = (await isThere(defaultServer)) ? defaultServer : "local";
  return chooseServer({ ...call, values: { ...call.values, server } }, "optional");
}

/** Throws `not_offered` if questions at this server can't name a model. */
async function checkModels({ client }: Target): Promise<void> {
  // What was learned hours ago is asked again before it fails.
  if (!(await client.offer()).extensions.has("models")) await client.models();
}

/** Whether a demo answers on this user's own server; undefined with `--quiet`. */
async function intro(
  { output }: Call,
  { name, client, started }: Target,
): Promise<{ isDemo: boolean } | undefined> {
  if (output.quiet) return undefined;
  const model = started?.model ?? (name === "local" ? (await client.offer()).model : null);
  return { isDemo: model === "demo" };
}

/** `chat`: the interactive session. */
export async function chat(call: Call): Promise<number> {
  const plain = wantsPlain(call.values.plain, call.env);
  if (plain) await call.endReadAhead?.({ echo: true });
  checkTerminal(call, plain);
  // At a terminal Ctrl-C first stops the answer. Without one it ends the program: nobody can type a next line.
  if (plain && call.stdin.isTTY) call.releaseInterrupts();
  const role = await askedRole(call);
  const { beginning, there } = await beginningOf(call);
  const how = {
    plain,
    role,
    beginning,
    everywhere: isEverywhere(call),
    isNamed: call.sources.server === "flag",
  };
  return failingAt(there, () => chatAt(there, how));
}

interface How {
  plain: boolean;
  role: ChatOptions["role"];
  beginning: Beginning | undefined;
  /** Conversations of all servers are offered. */
  everywhere: boolean;
  /** The user named the server. */
  isNamed: boolean;
}

async function chatAt(there: Call, how: How): Promise<number> {
  const chosen = await sessionServer(there);
  const target = await connect(there, chosen);
  try {
    // The session is loaded while the server answers.
    const loading = async () => (await import("../../../tui/chat.ts")).loadChat(how.plain);
    if (there.values.server !== undefined && chosen.name !== "local")
      await Promise.all([checkAnswers(target, there), loading()]);
    const model = askedModel(there, chosen.name);
    if (model?.from === "flag") await checkModels(target);
    return await holdSession(there, target, { ...how, model, intro: await intro(there, target) });
  } finally {
    await target.close();
  }
}
