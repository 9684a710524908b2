import { ClientError } from "../../../client/failure.ts";
import type { Owner } from "../../../client/conversations/reader.ts";
import { openThread, type Thread } from "../../../session/thread.ts";
import { checkOneBeginning, conversationsOf, resumed } from "../chat/beginning.ts";
import type { Call } from "../../argv/call.ts";
import { typedCommand, type Chosen } from "../../connection/chosen-server.ts";

/** What `-c`, `-r` and `--save` ask for, found out before anything is read from stdin or connected to. */
export interface WantedThread {
  /** The call at the server of that conversation. */
  there: Call;
  /** The conversation itself, once the login is known. Throws `usage` if there is none to resume. */
  of: (chosen: Chosen) => Promise<Thread | undefined>;
}

const ownerOf = ({ name, token }: Chosen): Owner => ({ server: name, username: token?.username ?? null });

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
 * The conversation of an `ask` (docs/cli.md#conversations): `-c` the newest of this server and account, `-r ID` that
 * one, at the server where it was held, `--save` a new one; `-c --save` the newest, else a new one. Throws `usage`.
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
    return { there, of: async (chosen) => openThread(conversations, ownerOf(chosen), found.id) };
  }
  return {
    there: call,
    of: async (chosen) => {
      const owner = ownerOf(chosen);
      const latest = newest ? await conversations.newest(owner) : undefined;
      if (latest || startSaved) return openThread(conversations, owner, latest?.id);
      throw noneYet(call, owner);
    },
  };
}
