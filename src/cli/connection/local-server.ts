import { setTimeout as sleep } from "node:timers/promises";
import { createApiClient } from "../../client/http/api-client.ts";
import { StartupError } from "../../server/core/startup-error.ts";
import type { ServerConfig } from "../../server/config.ts";

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

/** The server that holds the folder, once it says where it listens and answers there. */
async function runningOn(dir: string): Promise<string | undefined> {
  const { lockHolder } = await import("../../server/stores/json/lock.ts");
  if (!(await lockHolder(dir))) return undefined;
  const { readAddress } = await import("../../server/stores/json/address.ts");
  const url = await readAddress(dir);
  return url !== undefined && (await answersAt(url)) ? url : undefined;
}

async function started(config: ServerConfig): Promise<LocalServer> {
  const { serve } = await import("../../server/serve.ts");
  const server = await serve(config);
  const { url, model, reason } = server;
  return {
    url,
    started: { model, reason },
    get inFlight() {
      return server.inFlight;
    },
    close: () => server.close(),
  };
}

async function isHeld(dir: string): Promise<boolean> {
  const { lockHolder } = await import("../../server/stores/json/lock.ts");
  return lockHolder(dir);
}

/**
 * The server of a data folder (CLI.md §3, `-s local`): the one that runs there, else one started in this process. Of
 * two commands at once one starts it and the other waits for its address. Throws `StartupError`.
 */
export async function openLocalServer(
  dir: string,
  config: ServerConfig,
  signal: AbortSignal,
): Promise<LocalServer> {
  let deadline = Date.now() + PATIENCE;
  const { checkOwner } = await import("../../server/stores/json/other-owner.ts");
  const { disk } = await import("../../server/stores/json/files.ts");
  await checkOwner(disk, dir);
  for (;;) {
    const url = await runningOn(dir);
    if (url !== undefined) return { url, started: undefined, inFlight: 0, close: async () => {} };
    if (!(await isHeld(dir))) {
      try {
        return await started(config);
      } catch (error) {
        const { FolderInUse } = await import("../../server/stores/json/lock.ts");
        if (!(error instanceof FolderInUse)) throw error;
        // Lost the race for the folder: the winner is asked for its address, and may have left by now.
        deadline = Date.now() + PATIENCE;
      }
    }
    if (Date.now() > deadline)
      throw new StartupError(
        `A server uses ${dir}, but it doesn't answer.`,
        "Stop that server, or wait until it has started or stopped, then try again.",
      );
    await sleep(PAUSE, undefined, { signal });
  }
}
