import { ClientError } from "../../client/client-error.ts";
import { openCredentials } from "../../client/credentials.ts";
import type { Call } from "../call.ts";
import { serverName } from "../chosen-server.ts";

/** `logout`: forgets the token of the chosen server on this machine. Connects to nothing. */
export async function logout(call: Call): Promise<void> {
  const { output, places, values } = call;
  const server = serverName(call);
  const credentials = openCredentials({ dir: places.config });
  const entry = credentials.get(server);
  const problem = credentials.problem;
  const result = entry === undefined ? { kept: true as const } : await credentials.remove(server);
  const why = problem ?? (result.kept ? undefined : result.why);
  if (why !== undefined)
    throw new ClientError("internal", `The token can't be forgotten: ${why}`, {
      hint: "Mend that, then try again.",
    });
  if (output.json) return output.document({ server, username: entry?.username || null });
  output.note(
    entry ? `Logged out of ${server}: its token is forgotten here.` : `There was no login at ${server}.`,
  );
  if (values.token !== undefined) output.note("AI_CHAT_TOKEN is still set, and still used.");
}
