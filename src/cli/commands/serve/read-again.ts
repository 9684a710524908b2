import { StartupError, type RunningServer, type ServerConfig } from "../../../server/local.ts";
import { ClientError } from "../../../client/failure.ts";
import { counted } from "../../../text/numbers.ts";
import type { Call } from "../../argv/call.ts";

interface Needs {
  server: RunningServer;
  /** The configuration that the options give now. Throws if they are invalid. */
  read: () => ServerConfig;
  warn: (sentence: string) => void;
  note: (sentence: string) => void;
}

/** What is wrong, without what an unexpected error may quote. */
function reasonOf(error: unknown): string {
  if (error instanceof ClientError || error instanceof StartupError) return error.message;
  return error instanceof Error ? error.name : "an unknown error";
}

async function readOnce({ server, read, warn, note }: Needs): Promise<void> {
  try {
    const next = read();
    const restart = await server.reload(next);
    note(`The configuration was read again; ${counted(next.models.length, "model")} can be asked.`);
    if (restart.length > 0) warn(`Changed, but only after a restart: ${restart.join(", ")}.`);
  } catch (error) {
    warn(`The configuration was read again, and nothing has changed: ${reasonOf(error)}`);
  }
}

/** Reads the configuration again at each SIGHUP (docs/hosting.md#read-the-configuration-again). */
export function readAtHangup({ onHangup }: Pick<Call, "onHangup">, needs: Needs): void {
  onHangup(() => void readOnce(needs));
}
