import { setTimeout as sleep } from "node:timers/promises";
import { createApiClient } from "../../client/http/api-client.ts";
import {
  checkOwner,
  held,
  serveUnlessHeld,
  StartupError,
  type RunningServer,
  type ServerConfig,
} from "../../server/local.ts";

/** The server of this user's own data folder, as long as it is needed here. */
export interface LocalServer {
  url: string;
  /** What this process started; undefined where it runs elsewhere. */
  started: { model: string; reason: string } | undefined;
  /** Questions in flight at what was started here, of whatever session. */
  readonly inFlight: number;
  /** Stops what was started here, and nothing else. */
  close(): Promise<void>;
}

/** How long another process may take from its lock to its answer, in milliseconds. */
const PATIENCE = 15_000;
const PAUSE = 50;

async function answersAt(url: string): Promise<boolean> {
  const probe = createApiClient({ server: url, silence: 2 });
  try {
    return await probe.isChatServer();
  } finally {
    await probe.close();
  }
}

/**
 * The server of a data folder (docs/cli.md#your-own-server): the one that runs there, else one started in this
 * process. Of two commands at once one starts it and the other waits for its address. Throws `StartupError`.
 */
export async function openLocalServer(
  dir: string,
  config: ServerConfig,
  signal: AbortSignal,
): Promise<LocalServer> {
  let deadline = Date.now() + PATIENCE;
  await checkOwner(dir);
  for (;;) {
    const holder = await held(dir);
    const url = holder?.url;
    if (url !== undefined && (await answersAt(url)))
      return { url, started: undefined, inFlight: 0, close: async () => {} };
    if (!holder) {
      const server = await serveUnlessHeld(config);
      if (server) return started(server);
      // Another process took the folder first: it is asked for its address, and may have left by now.
      deadline = Date.now() + PATIENCE;
    }
    if (Date.now() > deadline)
      throw new StartupError(
        `A server uses ${dir}, but it doesn't answer.`,
        "Stop that server, or wait until it has started or stopped, then try again.",
      );
    await sleep(PAUSE, undefined, { signal });
  }
}

const started = (server: RunningServer): LocalServer => ({
  url: server.url,
  started: { model: server.model, reason: server.reason },
  get inFlight() {
    return server.inFlight;
  },
  close: () => server.close(),
});
