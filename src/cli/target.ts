import type { Dispatcher } from "undici";
import { createApiClient } from "../client/api-client.ts";
import { ClientError } from "../client/client-error.ts";
import type { ApiClient } from "../client/contract.ts";
import { openCredentials, type Credentials } from "../client/credentials.ts";
import { tokenExpiry } from "../client/token.ts";
import type { Call } from "./call.ts";
import { openDispatcher } from "./dispatcher.ts";
import { openLocalServer, type LocalServer } from "./local-server.ts";
import { ofServer } from "./options.ts";
import { resolve } from "./resolve.ts";
import { serverConfig, storeDir } from "./server-config.ts";

/** Where a server is looked for that nobody named (API.md). */
export const usualServer = "http://127.0.0.1:8000";

/** A token and what is known of it. */
export interface KnownToken {
  token: string;
  from: "environment" | "file";
  /** null where only the token is known. */
  username: string | null;
  scheme?: string;
  /** Milliseconds since the epoch; null where it doesn't tell. */
  expires: number | null;
}

/** The server that a command talks to, under the name by which its token is kept: its address, or `local`. */
export interface Target {
  name: string;
  token: KnownToken | undefined;
  credentials: Credentials;
  client: ApiClient;
  /** Of `local`, where this process started it. */
  started: LocalServer["started"];
  close(): Promise<void>;
}

/** A command of this program that can be typed as it stands, with the server where it has to be named. */
export function typedCommand({ program, sources, values }: Call, line: string): string {
  const server = sources.server === "flag" && values.server !== undefined ? ` -s ${values.server}` : "";
  return `${program.name} ${line}${server}`;
}

/** The name of the server that was chosen. */
export const serverName = ({ values }: Call): string => values.server ?? usualServer;

/** The token for a server: `AI_CHAT_TOKEN`, else the kept one. */
export function tokenFor({ values }: Call, credentials: Credentials, name: string): KnownToken | undefined {
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
  const otherwise =
    call.values.server === undefined && credentials.get("local")
      ? `; at your own server you are: ${program.name} ${call.command} -s local`
      : "";
  return new ClientError("not_logged_in", `You aren't logged in at ${name}.`, {
    hint: `Log in: ${typedCommand(call, "login")}, or make an account: ${typedCommand(call, "register")}${otherwise}`,
  });
}

/** The server `local`, started from the environment's settings where it doesn't run. */
export async function openLocal(call: Call): Promise<LocalServer> {
  const { env, program, places, output, signal } = call;
  const { values, complaints } = resolve([...ofServer, "apiKey", "jwtSecret"], {
    flags: new Map(),
    env,
    setting: () => undefined,
  });
  if (complaints.length > 0)
    throw new ClientError("usage", complaints.join("\n"), {
      hint: `Mend the environment; what a server takes is told by: ${program.name} serve --help`,
    });
  const dir = storeDir(values, places.server);
  const dispatcher = await openDispatcher(env);
  const config = serverConfig(
    { ...values, store: undefined, host: "127.0.0.1", port: 0, log: "silent" },
    { dir, version: program.version, logStream: output.stderr, dispatcher, warn: output.note },
  );
  const server = await openLocalServer(dir, config, signal).catch(async (error: unknown) => {
    await dispatcher?.close();
    throw error;
  });
  const close = async () => {
    await server.close();
    await dispatcher?.close();
  };
  return { ...server, close };
}

/** A server by its name, with what is kept for it. */
export type Chosen = Pick<Target, "name" | "credentials" | "token">;

/** The chosen server and its token; connects to nothing. Where a token is needed and there is none, it throws. */
export function chooseServer(call: Call, token: "needed" | "optional"): Chosen {
  const name = serverName(call);
  const credentials = openCredentials({ dir: call.places.config });
  const known = tokenFor(call, credentials, name);
  if (credentials.problem !== undefined) call.output.note(credentials.problem);
  if (token === "needed" && !known) throw notLoggedIn(call, credentials, name);
  return { name, credentials, token: known };
}

/** A client of the server at `url`, with what is kept for it under its name. */
function clientAt(
  call: Call,
  { name, credentials, token }: Chosen,
  { url, secret, dispatcher }: { url: string; secret: string | undefined; dispatcher?: Dispatcher },
): ApiClient {
  const isLocal = name === "local";
  return createApiClient({
    server: url,
    token: secret,
    scheme: token?.scheme,
    dispatcher,
    silence: call.values.timeout,
    userAgent: `ai-chat/${call.program.version}`,
    onSchemeLearned: (scheme) => void (token?.from === "file" && credentials.update(name, { scheme })),
    // `local` may have another model and another price at each start.
    offerCache: isLocal
      ? undefined
      : {
          read: () => credentials.get(name)?.offer,
          write: (offer) => credentials.update(name, { offer }),
        },
  });
}

/** The way to a server. `local` is started where it doesn't run; else nothing is connected to yet. */
export async function connect(call: Call, chosen: Chosen): Promise<Target> {
  const secret = chosen.token?.token;
  if (chosen.name === "local") {
    const { openLocalClient } = await import("./local-client.ts");
    const way = {
      open: () => openLocal(call),
      client: (url: string, kept: string | undefined) => clientAt(call, chosen, { url, secret: kept }),
    };
    return { ...chosen, ...(await openLocalClient(way, secret)) };
  }
  const dispatcher = await openDispatcher(call.env);
  const client = clientAt(call, chosen, { url: chosen.name, secret, dispatcher });
  const close = async () => {
    await client.close();
    await dispatcher?.destroy();
  };
  return { ...chosen, client, started: undefined, close };
}

/** Runs `use` with the chosen server and closes the way to it however that ends. */
export async function withTarget<T>(
  call: Call,
  token: "needed" | "optional",
  use: (target: Target) => Promise<T>,
): Promise<T> {
  const target = await connect(call, chooseServer(call, token));
  try {
    return await use(target);
  } finally {
    await target.close();
  }
}
