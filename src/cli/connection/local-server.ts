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

/** The server of this user's data folder. */
export interface LocalServer {
  url: string;
  /** Set if this process started the server. */
  started: Pick<RunningServer, "model" | "reason" | "byDefault"> | undefined;
  /** Questions in flight, of all sessions; 0 if another process runs the server. */
  readonly inFlight: number;
  /** Stops the server if this process started it. */
  close(): Promise<void>;
}

/** Longest wait for another process between taking the lock and answering, in milliseconds. */
const TIMEOUT = 15_000;
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
 * Returns the server that runs on a data folder, or starts one in this process (docs/cli.md#your-own-server). If two
 * commands start at once, one starts the server and the other waits for its address. Throws `StartupError`.
 */
export async function openLocalServer(
  dir: string,
  config: ServerConfig,
  signal: AbortSignal,
): Promise<LocalServer> {
  let deadline = Date.now() + TIMEOUT;
  await checkOwner(dir);
  for (;;) {
    const holder = await held(dir);
    const url = holder?.url;
    if (url !== undefined && (await answersAt(url)))
      return { url, started: undefined, inFlight: 0, close: async () => {} };
    if (!holder) {
      const server = await serveUnlessHeld(config);
      if (server) return started(server);
      // Another process took the lock first. It may also have ended since.
      deadline = Date.now() + TIMEOUT;
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
  started: { model: server.model, reason: server.reason, byDefault: server.byDefault },
  get inFlight() {
    return server.inFlight;
  },
  close: () => server.close(),
});
