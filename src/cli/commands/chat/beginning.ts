import { join } from "node:path";
import { ClientError } from "../../../client/failure.ts";
import { openConversations, type Conversations } from "../../../client/conversations/conversations.ts";
import type { Summary } from "../../../client/conversations/summary.ts";
import type { Beginning } from "../../../session/saved.ts";
import type { Call } from "../../argv/call.ts";
import { openCredentials } from "../../../client/kept/credentials.ts";
import { isNameOf } from "../../../client/account-name.ts";
import { placeOf, serverName } from "../../connection/chosen-server.ts";

/** The saved conversations of this user. `onProblem` gets a description of each damaged file. */
export function conversationsOf({ places }: Call, onProblem: (why: string) => void): Conversations {
  const dir = places.data === undefined ? undefined : join(places.data, "conversations");
  return openConversations({ dir, now: Date.now, onProblem });
}

/** Rejects `-c` with `-r`. Throws `usage`. */
export function checkOneBeginning({ values }: Call): void {
  if (!values.continue || values.resume === undefined) return;
  throw new ClientError("usage", "--continue and --resume don't go together.", {
    hint: "-c takes the newest conversation, -r ID the one that you name.",
  });
}

/**
 * Finds the conversation of `-r ID`, and returns the call with that conversation's server. Rejects an `-s` that names
 * another server (docs/cli.md#conversations). `AI_CHAT_TOKEN` belongs to the server chosen at the start and is not sent
 * to another. Throws `usage`.
 */
export async function resumed(
  call: Call,
  prefix: string,
  conversations: Conversations,
): Promise<{ found: Summary; there: Call }> {
  const { command, program, sources } = call;
  const found = await conversations.find(prefix);
  if (found.server !== serverName(call)) {
    if (sources.server === "flag")
      throw new ClientError("usage", `Conversation ${found.id} was held at ${placeOf(found.server)}.`, {
        hint: `To go on there: ${program.name} ${command} -r ${found.id}${command === "ask" ? ' "…"' : ""}`,
      });
    if (call.serverFault !== undefined) call.output.note(call.serverFault);
  }
  return { found, there: callAt(call, found) };
}

/** The call with the server of a conversation. */
function callAt(call: Call, { server }: Summary): Call {
  const { sources, values } = call;
  if (server === serverName(call)) return { ...call, values: { ...values, server } };
  // As if `-s` had been given, so that commands in hints name the server.
  return {
    ...call,
    values: { ...values, server, token: undefined },
    sources: { ...sources, server: "flag" },
  };
}

/** Whether the session goes on with conversations of all servers: none was named. */
export const isEverywhere = ({ sources, serverFault }: Call): boolean =>
  serverFault === undefined && sources.server !== "flag" && sources.server !== "environment";

/** The call with the server of the newest conversation that the user who is logged in there can go on with. */
async function atNewest(call: Call): Promise<Call> {
  // AI_CHAT_TOKEN is for the server that was chosen at the start.
  if (!isEverywhere(call) || call.values.token !== undefined) return call;
  const credentials = openCredentials({ dir: call.places.config });
  const newest = await conversationsOf(call, call.output.note).newest(({ server, username }) => {
    const login = credentials.get(server);
    return login === undefined || isNameOf(login, username ?? "");
  });
  return newest === undefined ? call : callAt(call, newest);
}

/** The conversation that `-c` or `-r` selects, and the call with its server. Throws `usage`. */
export async function beginningOf(call: Call): Promise<{ beginning: Beginning | undefined; there: Call }> {
  const { continue: newest, resume } = call.values;
  checkOneBeginning(call);
  if (newest) return { beginning: { kind: "newest" }, there: await atNewest(call) };
  if (resume === undefined) return { beginning: undefined, there: call };
  // Without a default server, the list is shown at the server of its first line.
  if (resume === "")
    return {
      beginning: { kind: "choose" },
      there: call.values.server === undefined ? await atNewest(call) : call,
    };
  const { found, there } = await resumed(call, resume, conversationsOf(call, call.output.note));
  return { beginning: { kind: "id", id: found.id }, there };
}
