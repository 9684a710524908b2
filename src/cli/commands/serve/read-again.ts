import { StartupError, type LogFile, type RunningServer, type ServerConfig } from "../../../server/local.ts";
import { ClientError } from "../../../client/failure.ts";
import { counted } from "../../../text/numbers.ts";
import type { Call } from "../../argv/call.ts";
import type { OperatorLog } from "./operator-log.ts";

interface Needs {
  server: RunningServer;
  /** The configuration that the options give now. Throws if they are invalid. */
  read: () => ServerConfig;
  /** The log, if it is in a file, and the path of that file. */
  file: LogFile | undefined;
  logFile: string | undefined;
  operator: OperatorLog;
}

/** What is wrong, without what an unexpected error may quote. */
function reasonOf(error: unknown): string {
  if (error instanceof ClientError || error instanceof StartupError) return error.message;
  return error instanceof Error ? error.name : "an unknown error";
}

/** Reads the configuration again at each SIGHUP (docs/server.md#read-the-configuration-again), and opens the log file again. */
export function readAtHangup(
  { onHangup }: Pick<Call, "onHangup">,
  { server, read, file, operator, ...begun }: Needs,
): void {
  let { logFile } = begun;
  const { warn, note } = operator;

  async function reopen(path: string | undefined): Promise<void> {
    if (!file || path === undefined) return;
    try {
      await file.reopen(path);
      logFile = path;
    } catch (error) {
      warn(`${reasonOf(error)} The log goes on in the file of before.`);
    }
  }

  async function readOnce(): Promise<void> {
    // Whatever becomes of the rest.
    await reopen(logFile);
    try {
      const next = read();
      const restart = await server.reload(next);
      operator.setLevel(next.logLevel);
      if (next.logFile !== logFile) await reopen(next.logFile);
      note(`The configuration was read again; ${counted(next.models.length, "model")} can be asked.`);
      if (restart.length > 0) warn(`Changed, but only after a restart: ${restart.join(", ")}.`);
    } catch (error) {
      warn(`The configuration was read again, and nothing has changed: ${reasonOf(error)}`);
    }
  }

  onHangup(() => void readOnce());
}
