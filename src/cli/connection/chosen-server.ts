import { ClientError } from "../../client/failure.ts";
import { openCredentials, type Credentials } from "../../client/kept/credentials.ts";
import { tokenExpiry } from "../../client/http/token.ts";
import { placeName, type Connection, type KnownToken } from "../../session/connection.ts";
import type { Call } from "../argv/call.ts";
import { shellWord } from "../../text/shell-word.ts";
import { defaultServer } from "../argv/options.ts";

/** A command that can be run as shown, with `-s` if the server was given by flag. */
export function typedCommand(
  { program, sources, values }: Pick<Call, "program" | "sources" | "values">,
  line: string,
): string {
  const server = sources.server === "flag" && values.server !== undefined ? ` -s ${values.server}` : "";
  return `${program.name} ${line}${server}`;
}

/** `-u NAME` for a shown command; empty if the name has characters that a shell interprets. */
export const userWords = ({ values: { username = "" } }: Pick<Call, "values">): string =>
  /^[\w@.+-]+$/.test(username) ? `-u ${username}` : "";

/** A server in a sentence, with its whole address. */
export const placeOf = (name: string): string => placeName(name, (address) => address);

export const serverName = ({ values }: Pick<Call, "values">): string => values.server ?? defaultServer;

/** Throws if the settings are unreadable: a wrong server could be asked, and charge for it. */
export function checkServerKnown({
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

/** The token for a server: `AI_CHAT_TOKEN`, otherwise the saved one. */
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
    formerly: entry.formerly,
    scheme: entry.scheme,
    given: entry.given,
    expires: entry.expires ?? tokenExpiry(entry.token),
  };
}

/** The failure of a command that needs a token if there is none. No connection was made. */
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
  return new ClientError("not_logged_in", `You aren't logged in at ${placeOf(name)}.`, {
    hint: `Log in: ${typedCommand(call, "login")}, or make an account: ${typedCommand(call, "register")}${otherwise}`,
  });
}

/** A chosen server before a connection is made. */
export interface Chosen extends Omit<Connection, "client"> {
  credentials: Credentials;
}

/** Where it was told that others may look into the file of the tokens. A session chooses several servers. */
const told = new WeakSet<object>();

function tellOpenMode({ output }: Call, { path, openMode }: Credentials): void {
  if (path === undefined || openMode === undefined || told.has(output)) return;
  told.add(output);
  output.note(
    `Other users may look into ${path}, which has your tokens (mode ${openMode}). Fix it: chmod 600 ${shellWord(path)}`,
  );
}

/** The chosen server and its token, without connecting. Throws if the token or the default server is missing. */
export function chooseServer(call: Call, token: "needed" | "optional"): Chosen {
  checkServerKnown(call);
  const name = serverName(call);
  const credentials = openCredentials({ dir: call.places.config });
  const known = tokenFor(call, credentials, name);
  if (token === "needed" && !known) throw notLoggedIn(call, credentials, name);
  if (credentials.problem !== undefined) call.output.note(credentials.problem);
  // `doctor` reports it among the files.
  else if (call.command !== "doctor") tellOpenMode(call, credentials);
  return { name, credentials, token: known };
}
