import { ClientError } from "../../../client/failure.ts";
import type { Owner } from "../../../client/conversations/reader.ts";
import { endOf, openThread, type Thread, type ThreadPlace } from "../../../session/thread.ts";
import type { askedRole } from "../../connection/asked-role.ts";
import { checkOneBeginning, conversationsOf, resumed } from "../chat/beginning.ts";
import type { Call } from "../../argv/call.ts";
import { typedCommand, type Chosen } from "../../connection/chosen-server.ts";

/** The conversation that `-c`, `-r` and `--save` select, determined before stdin is read or a connection is made. */
export interface WantedThread {
  /** The call, with the server of that conversation. */
  there: Call;
  /** Opens the conversation for a login. Throws `usage` if there is none to continue. */
  of: (chosen: Chosen, role: AskedRole) => Promise<Thread | undefined>;
}

/** What `askedRole` found. */
export type AskedRole = Awaited<ReturnType<typeof askedRole>>;

/** What the question changes of a conversation's role. Only what was asked for changes that of one that goes on. */
const changedRole = (role: AskedRole, place: ThreadPlace | undefined) =>
  place === undefined || role?.isAsked === true ? role && (role.role ?? null) : undefined;

const ownerOf = ({ name, token }: Chosen): Owner => ({
  server: name,
  username: token?.username ?? null,
  formerly: token?.formerly,
});

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

/** Adds a hint for `ask explain cp -r dir`, in which `-r dir` is part of the question. */
function unquoted(error: unknown, { program }: Call): unknown {
  const kind = error instanceof ClientError ? error.remedy?.kind : undefined;
  if (kind !== "list_conversations" && kind !== "name_conversation") return error;
  return new ClientError("usage", (error as ClientError).message, {
    hint: `See which there are: ${program.name} conversations list   Is -r part of the question? Quote it, or put -- before it.`,
  });
}

/**
 * Selects the conversation of `ask` (docs/cli.md#conversations). `-c`: the newest of this server and account. `-r ID`:
 * that one, at its own server. `--save`: a new one. `-c --save`: the newest, or a new one if there is none. Throws
 * `usage`.
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
    const of: WantedThread["of"] = async (chosen, role) => {
      const place = await endOf(conversations, found.id);
      return openThread(conversations, ownerOf(chosen), place, changedRole(role, place));
    };
    return { there, of };
  }
  return {
    there: call,
    of: async (chosen, role) => {
      const owner = ownerOf(chosen);
      const latest = newest ? await conversations.newest(owner) : undefined;
      const place = latest && (await endOf(conversations, latest.id));
      if (place || startSaved) return openThread(conversations, owner, place, changedRole(role, place));
      throw noneYet(call, owner);
    },
  };
}
