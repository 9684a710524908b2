import { join } from "node:path";
import { ClientError } from "../client/client-error.ts";
import { openConversations, type Conversations } from "../client/conversations/conversations.ts";
import type { Beginning } from "../tui/session/saving.ts";
import type { Call } from "./call.ts";

/** The saved conversations of this user; what is wrong with a file is told by `onProblem`. */
export function conversationsOf({ places, program }: Call, onProblem: (why: string) => void): Conversations {
  const dir = places.data === undefined ? undefined : join(places.data, "conversations");
  return openConversations({ dir, now: Date.now, onProblem, commandName: program.name });
}

/**
 * What `-c` and `-r` ask for, and the server that goes with it: a conversation goes on where it was held, and with
 * another `-s` not at all (CLI.md §3). Throws `usage`.
 */
export async function beginningOf(
  call: Call,
): Promise<{ beginning: Beginning | undefined; server: string | undefined }> {
  const { continue: newest, resume, server } = call.values;
  if (newest && resume !== undefined)
    throw new ClientError("usage", "--continue and --resume don't go together.", {
      hint: "-c takes the newest conversation, -r ID the one that you name.",
    });
  if (newest) return { beginning: { kind: "newest" }, server };
  if (resume === undefined) return { beginning: undefined, server };
  if (resume === "") return { beginning: { kind: "choose" }, server };
  const found = await conversationsOf(call, call.output.note).find(resume);
  if (call.sources.server === "flag" && server !== found.server)
    throw new ClientError("usage", `Conversation ${found.id} was held at ${found.server}.`, {
      hint: `To go on there: ${call.program.name} chat -r ${found.id}`,
    });
  return { beginning: { kind: "id", id: found.id }, server: found.server };
}
