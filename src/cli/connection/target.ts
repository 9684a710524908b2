import { createApiClient } from "../../client/http/api-client.ts";
import { ClientError } from "../../client/failure.ts";
import { isSameUser, renamed } from "../../client/account-name.ts";
import type { OpenDispatcher } from "../../client/http/connections.ts";
import type { ApiClient } from "../../client/http/contract.ts";
import { StartupError } from "../../server/local.ts";
import type { Connection } from "../../session/connection.ts";
import type { Call } from "../argv/call.ts";
import { chooseServer, type Chosen } from "./chosen-server.ts";
import { proxyOpener } from "./dispatcher.ts";
import { openLocalServer, type LocalServer } from "./local-server.ts";
import { ofServer, secretsOfServer } from "../argv/options.ts";
import { limitParserOptimization } from "../../client/http/parser-budget.ts";
import { resolve } from "../argv/resolve.ts";
import { checkRefill, demoByDefault, serverConfig, storeDir } from "./server-config.ts";
import { closeWithNote } from "./closing.ts";

/** The server of a command, with a client for it. */
export interface Target extends Chosen, Connection {
  credentials: Chosen["credentials"];
  /** Set if this process started `local`. */
  started: LocalServer["started"];
  close(): Promise<void>;
}

/**
 * Longest drain time of the local server in seconds. Other sessions ask their open questions again after that
 * (docs/cli.md#your-own-server).
 */
const LONGEST_DRAIN = 5;

/** Turns a failed start of the local server into a ClientError with the same code, message and hint. */
function notStarted(error: unknown): unknown {
  if (!(error instanceof StartupError)) return error;
  return new ClientError(error.failure, error.message, {
    remedy: { kind: "fix_local_server", advice: error.hint },
    cause: error,
  });
}

/**
 * Opens or starts `local`. Rejects with `ClientError`, because a session reopens it later and must survive a failure.
 */
async function openLocal(call: Call): Promise<LocalServer> {
  try {
    return await startLocal(call);
  } catch (error) {
    throw notStarted(error);
  }
}

async function startLocal(call: Call): Promise<LocalServer> {
  const { env, program, places, output, signal } = call;
  const { values, sources, models, complaints } = resolve(["config", ...ofServer, ...secretsOfServer], {
    flags: new Map(),
    env,
    setting: () => undefined,
  });
  if (complaints.length > 0)
    throw new ClientError("usage", complaints.join("\n"), {
      hint: `Fix the environment; for the settings of a server see: ${program.name} serve --help`,
    });
  checkRefill({ values, sources });
  const dir = storeDir(values, places.server);
  const dispatcher = (await proxyOpener(env))?.();
  const config = serverConfig(
    {
      ...values,
      store: undefined,
      host: "127.0.0.1",
      port: 0,
      tlsCert: undefined,
      tlsKey: undefined,
      metrics: undefined,
      log: "silent",
      logFile: undefined,
      drainTimeout: Math.min(values.drainTimeout, LONGEST_DRAIN),
    },
    models,
    { dir, version: program.version, logStream: output.stderr, dispatcher, warn: output.note },
  );
  // Who only asks a question has not switched the refills of the folder off.
  const refill = sources.refill === "default" ? "stored" : config.refill;
  const server = await openLocalServer(dir, { ...config, refill }, signal).catch(async (error: unknown) => {
    await dispatcher?.close();
    throw error;
  });
  const close = async () => {
    try {
      await closeWithNote(server, output.note);
    } finally {
      await dispatcher?.close();
    }
  };
  return {
    url: server.url,
    started: server.started,
    get inFlight() {
      return server.inFlight;
    },
    close,
  };
}

/** A client of the server at `url`, with the saved data of its name. */
function clientAt(
  call: Call,
  { name, credentials, token }: Chosen,
  {
    url,
    secret,
    openDispatcher,
  }: { url: string; secret: string | undefined; openDispatcher?: OpenDispatcher },
): ApiClient {
  const isLocal = name === "local";
  return createApiClient({
    server: url,
    // Its address holds for this command alone.
    subject: isLocal ? "Your own server" : url,
    token: secret,
    scheme: token?.scheme,
    isOfLogin: token?.from === "file",
    given: token?.given,
    openDispatcher,
    silence: call.values.timeout,
    userAgent: `ai-chat/${call.program.version}`,
    // A token of the environment is not the one in the file.
    onLearned: ({ token: secret, scheme, isAccepted }) =>
      credentials.update(
        name,
        { ...(scheme && { scheme }), ...(isAccepted && { given: undefined }) },
        secret,
      ),
    onNamed: (username, secret) => {
      // Nearly always: the file needs not be read for it.
      if (isSameUser(token?.username ?? "", username)) return undefined;
      const entry = credentials.get(name);
      const names = entry?.token === secret && renamed(entry, username);
      return names && credentials.update(name, names, secret);
    },
    balancePlace: {
      read: () => credentials.get(name)?.balance,
      write: (balance) => credentials.update(name, { balance }),
    },
    // `local` can have another model and price at each start.
    offerCache: isLocal
      ? undefined
      : {
          read: () => credentials.get(name)?.offer,
          write: (offer) => credentials.update(name, { offer }),
        },
  });
}

/** Creates the client of a server. Starts `local` if it does not run; other servers are not contacted yet. */
export async function connect(call: Call, chosen: Chosen): Promise<Target> {
  limitParserOptimization();
  const secret = chosen.token?.token;
  if (chosen.name === "local") {
    const { openLocalClient } = await import("./local-client.ts");
    const opener = {
      open: () => openLocal(call),
      client: (url: string, kept: string | undefined) => clientAt(call, chosen, { url, secret: kept }),
    };
    const opened = await openLocalClient(opener, secret);
    // The session says so itself, on its screen.
    if (opened.started?.byDefault && call.command !== "chat") call.output.note(demoByDefault(call.program));
    return { ...chosen, ...opened };
  }
  const openDispatcher = await proxyOpener(call.env, call.values.timeout);
  const client = clientAt(call, chosen, { url: chosen.name, secret, openDispatcher });
  return { ...chosen, client, started: undefined, close: () => client.close() };
}

/** Runs `use` with the chosen server and always closes it afterwards. */
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
