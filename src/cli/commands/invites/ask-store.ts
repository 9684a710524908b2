import { ClientError } from "../../../client/failure.ts";
import {
  ApiError,
  inviteInFolder,
  inviteInPostgres,
  type InvitesReply,
  type InvitesRequest,
} from "../../../server/local.ts";
import type { Call } from "../../argv/call.ts";
import { storeDir } from "../../connection/server-config.ts";
import { asOwner } from "../../failures/as-owner.ts";

/** Completes `ai-chat invites …` to the command to run again. */
const wordsOf = ({ program, words }: Pick<Call, "program" | "words">) =>
  `${program.name} invites ${words[0] ?? "list"}`;

function ask(request: InvitesRequest, { values, places, output, signal }: Call) {
  if (values.store !== undefined)
    return inviteInPostgres(values.store, request, { warn: output.note, signal });
  return inviteInFolder(storeDir(values, places.server), request, output.note, values.ledgerKey);
}

function failure(error: unknown, call: Call): unknown {
  if (!(error instanceof ApiError)) return asOwner(error, (dir) => `${wordsOf(call)} --data ${dir}`);
  return new ClientError("store_unavailable", "The store cannot do this at the moment.", {
    hint: `Look at the free space of its disk, or at its database, then try again: ${wordsOf(call)}`,
    cause: error,
  });
}

/** Asks the store, or the server that runs on it. Throws `ClientError` if none does it. */
export async function askStore(request: InvitesRequest, call: Call): Promise<InvitesReply> {
  const reply = await ask(request, call).catch((error: unknown) => {
    throw failure(error, call);
  });
  const { values, places } = call;
  if (reply.kind === "no_store")
    throw new ClientError("usage", `There is no store in ${storeDir(values, places.server)}.`, {
      hint: `Name the folder of your server: ${wordsOf(call)} --data DIR`,
    });
  if (reply.kind === "no_answer")
    throw new ClientError(
      "timeout",
      `The server that uses ${storeDir(values, places.server)} doesn't answer.`,
      { hint: `Whether it was done is not known. See: ${call.program.name} invites list` },
    );
  return reply;
}
