import { ClientError } from "../../../client/failure.ts";
import { openCredentials, type Credentials, type Entry } from "../../../client/kept/credentials.ts";
import type { Call } from "../../argv/call.ts";
import type { LogoutDocument } from "./document.ts";
import { isSameUser } from "../../../client/account-name.ts";
import { checkServerKnown, placeOf, serverName } from "../../connection/chosen-server.ts";
import { connect } from "../../connection/target.ts";

/** Error codes that mean that the token is already invalid. */
const invalidTokenCodes = new Set<string>(["invalid_token", "expired_token"]);

/** Whether the server revoked the token, and if not, why. */
type Revoked = { revoked: true } | { revoked: false; why: string };

async function revoke(call: Call, name: string, credentials: Credentials, entry: Entry): Promise<Revoked> {
  const { token, scheme, given } = entry;
  const known = { token, scheme, given, from: "file" as const, username: entry.username, expires: null };
  try {
    const target = await connect(call, { name, credentials, token: known });
    try {
      await target.client.logout(call.signal);
    } finally {
      await target.close();
    }
    return { revoked: true };
  } catch (error) {
    if (!(error instanceof ClientError) || error.code === "interrupted") throw error;
    return invalidTokenCodes.has(error.code) ? { revoked: true } : { revoked: false, why: error.message };
  }
}

/** Deletes this token but no newer one, which would stay valid. Returns the reason if that fails. */
async function deleteToken(
  credentials: Credentials,
  name: string,
  { token }: Entry,
): Promise<string | undefined> {
  const result = await credentials.remove(name, token);
  return result.kept ? undefined : result.why;
}

function noteLogout({ output }: Pick<Call, "output">, server: string, there: Revoked): void {
  output.note(`Logged out of ${placeOf(server)}: the token is deleted here.`);
  if (!there.revoked) output.note(`At the server it stays valid until it expires: ${there.why}`);
}

/** Whether the login belongs to the user of `-u`. Without `-u` every login matches. */
const isMeant = ({ values }: Pick<Call, "values">, { username }: Entry): boolean =>
  values.username === undefined || isSameUser(values.username, username);

const whose = ({ username }: Entry) => (username === "" ? "another" : `${username}'s`);

/**
 * `logout`: deletes the saved token of the chosen server and revokes it at the server if possible. With `-u NAME` only
 * if it belongs to NAME. `AI_CHAT_TOKEN` is not revoked.
 */
export async function logout(call: Call): Promise<void> {
  checkServerKnown(call);
  const { output, places, values } = call;
  const server = serverName(call);
  const credentials = openCredentials({ dir: places.config });
  const kept = credentials.get(server);
  const entry = kept && isMeant(call, kept) ? kept : undefined;
  // The file comes first, so that the token is deleted here even if the server is slow or the user interrupts.
  const why = credentials.problem ?? (entry && (await deleteToken(credentials, server, entry)));
  const there = entry && (await revoke(call, server, credentials, entry));
  if (why !== undefined)
    throw new ClientError("internal", `The token cannot be deleted: ${why}`, {
      hint: "Fix that, then try again.",
    });
  if (output.json)
    return output.document({
      server,
      username: entry?.username || null,
      revoked: there?.revoked ?? null,
    } satisfies LogoutDocument);
  if (there) noteLogout(call, server, there);
  else if (kept)
    output.note(`${values.username} wasn't logged in at ${placeOf(server)}; ${whose(kept)} login stays.`);
  else output.note(`There was no login at ${placeOf(server)}.`);
  if (values.token !== undefined) output.note("AI_CHAT_TOKEN is still set, and still used.");
}
