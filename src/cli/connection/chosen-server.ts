import { ClientError } from "../../client/failure.ts";
import { openCredentials, type Credentials } from "../../client/kept/credentials.ts";
import { tokenExpiry } from "../../client/http/token.ts";
import type { Connection, KnownToken } from "../../session/connection.ts";
import type { Call } from "../argv/call.ts";
import { usualServer } from "../argv/options.ts";

/** A command of this program that can be typed as it stands, with the server where it has to be named. */
export function typedCommand(
  { program, sources, values }: Pick<Call, "program" | "sources" | "values">,
  line: string,
): string {
  const server = sources.server === "flag" && values.server !== undefined ? ` -s ${values.server}` : "";
  return `${program.name} ${line}${server}`;
}

/** `-u` and the name that was given, for a command to be typed; what would mean something to a shell is left out. */
export const userWords = ({ values: { username = "" } }: Pick<Call, "values">): string =>
  /^[\w@.+-]+$/.test(username) ? `-u ${username}` : "";

/** Names are the same without regard to case (docs/http-api.md#usernames). */
export const isSameUser = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** The name of the server that was chosen. */
export const serverName = ({ values }: Pick<Call, "values">): string => values.server ?? usualServer;

/** Throws where the settings are to tell the server and can't be read: a question would go, and cost, elsewhere. */
export function checkServerTold({
  serverFault,
  program,
  command,
  values,
}: Pick<Call, "serverFault" | "program" | "command" | "values">): void {
  if (serverFault === undefined || values.server !== undefined) return;
  throw new ClientError("internal", `The default server is not known: ${serverFault}`, {
    hint: `Or name it: ${program.name} ${command} -s URL`,
  });
}

/** The token for a server: `AI_CHAT_TOKEN`, else the kept one. */
function tokenFor(
  { values }: Pick<Call, "values">,
  credentials: Credentials,
  name: string,
): KnownToken | undefined {
  const { token } = values;
  if (token !== undefined) return { token, from: "environment", username: null, expires: tokenExpiry(token) };
  const entry = credentials.get(name);
  if (!entry) return undefined;
  return {
    token: entry.token,
    from: "file",
    username: entry.username === "" ? null : entry.username,
    scheme: entry.scheme,
    expires: entry.expires ?? tokenExpiry(entry.token),
  };
}

/** The failure of a command that needs a token and has none; nothing was connected to. */
function notLoggedIn(call: Call, credentials: Credentials, name: string): ClientError {
  const { program } = call;
  if (credentials.problem !== undefined)
    return new ClientError("not_logged_in", `The saved logins cannot be read: ${credentials.problem}`, {
      hint: "Fix that, then try again.",
    });
  const otherwise =
    call.values.server === undefined && credentials.get("local")
      ? `; at your own server you are: ${program.name} ${call.command} -s local`
      : "";
  return new ClientError("not_logged_in", `You aren't logged in at ${name}.`, {
    hint: `Log in: ${typedCommand(call, "login")}, or make an account: ${typedCommand(call, "register")}${otherwise}`,
  });
}

/** A server that is not connected to yet. */
export interface Chosen extends Omit<Connection, "client"> {
  credentials: Credentials;
}

/**
 * The chosen server and its token; connects to nothing. Throws where a token is needed and there is none, and where
 * nobody can tell which server it is.
 */
export function chooseServer(call: Call, token: "needed" | "optional"): Chosen {
  checkServerTold(call);
  const name = serverName(call);
  const credentials = openCredentials({ dir: call.places.config });
  const known = tokenFor(call, credentials, name);
  if (token === "needed" && !known) throw notLoggedIn(call, credentials, name);
  if (credentials.problem !== undefined) call.output.note(credentials.problem);
  return { name, credentials, token: known };
}
