import { ClientError } from "../../../client/failure.ts";
import type { Conversations } from "../../../client/conversations/conversations.ts";
import { historyFor } from "../../../client/conversations/fitting-history.ts";
import type { Owner } from "../../../client/conversations/reader.ts";
import type { NewTurn } from "../../../client/conversations/saved-turn.ts";
import type { Kept } from "../../../client/kept/kept-file.ts";
import type { Turn } from "../../../protocol/bodies.ts";
import { checkOneBeginning, conversationsOf, resumed } from "../chat/beginning.ts";
import type { Call } from "../../argv/call.ts";
import { typedCommand, type Chosen } from "../../connection/chosen-server.ts";

/** The saved conversation that one question belongs to. */
export interface Thread {
  readonly id: string;
  /** Nothing of it is on disk before its first turn. */
  readonly isNew: boolean;
  /** The turns to send with a message, oldest first: the newest that fit, as they are on disk by then. */
  history(message: string): Promise<Turn[]>;
  /** Appends the turn that ended. Never rejects. */
  keep(turn: NewTurn): Promise<Kept>;
}

/** What `-c`, `-r` and `--save` ask for, found out before anything is read from stdin or connected to. */
export interface WantedThread {
  /** The call at the server of that conversation. */
  there: Call;
  /** The conversation itself, once it is known who asks. Throws `usage` where there is none to go on with. */
  of: (chosen: Chosen) => Promise<Thread | undefined>;
}

const goingOn = (conversations: Conversations, id: string): Thread => ({
  id,
  isNew: false,
  history: async (message) => historyFor(await conversations.turnsForHistory(id), message),
  keep: (turn) => conversations.append(id, turn),
});

function begun(conversations: Conversations, owner: Owner): Thread {
  const id = conversations.start(owner);
  return { id, isNew: true, history: async () => [], keep: (turn) => conversations.append(id, turn) };
}

function noneYet(call: Call, { server, username }: Owner): ClientError {
  const whose = username === null ? "" : ` of ${username}`;
  const start = typedCommand(call, 'ask --save "…"');
  return new ClientError("usage", `There is no saved conversation${whose} at ${server} to go on with.`, {
    hint: `Start one: ${start}   To go on or else start one: ${typedCommand(call, 'ask -c --save "…"')}`,
  });
}

function checkOptions(call: Call): void {
  const { values, program } = call;
  checkOneBeginning(call);
  if (values.resume === "")
    throw new ClientError("usage", "--resume needs the ID of a conversation.", {
      hint: `See which there are: ${program.name} conversations list`,
    });
  if (values.resume !== undefined && values.startSaved)
    throw new ClientError("usage", "--save starts a conversation, and --resume goes on with one.", {
      hint: "Leave one of them out; a conversation that goes on is saved anyway.",
    });
}

/** `ask explain cp -r dir` has an option `-r dir` that was not meant as one. */
function unquoted(error: unknown, { program }: Call): unknown {
  const kind = error instanceof ClientError ? error.remedy?.kind : undefined;
  if (kind !== "list_conversations" && kind !== "name_conversation") return error;
  return new ClientError("usage", (error as ClientError).message, {
    hint: `See which there are: ${program.name} conversations list   Is -r part of the question? Quote it, or put -- before it.`,
  });
}

/**
 * The conversation of an `ask` (CLI.md §1, §3): `-c` the newest of this server and account, `-r ID` that one, at the
 * server where it was held, `--save` a new one; `-c --save` the newest, else a new one. Throws `usage`.
 */
export async function wantedThread(call: Call): Promise<WantedThread> {
  const { continue: newest, resume, startSaved } = call.values;
  checkOptions(call);
  if (!newest && resume === undefined && !startSaved) return { there: call, of: async () => undefined };
  const conversations = conversationsOf(call, call.output.note);
  if (resume !== undefined) {
    const { found, there } = await resumed(call, resume, conversations).catch((error: unknown) => {
      throw resume.length < 8 ? unquoted(error, call) : error;
    });
    return { there, of: async () => goingOn(conversations, found.id) };
  }
  return {
    there: call,
    of: async ({ name, token }) => {
      const owner = { server: name, username: token?.username ?? null };
      const latest = newest ? await conversations.newest(owner) : undefined;
      if (latest) return goingOn(conversations, latest.id);
      if (startSaved) return begun(conversations, owner);
      throw noneYet(call, owner);
    },
  };
}
