import { shellWord } from "../../text/shell-word.ts";
import { OtherOwner, StartupError } from "../../server/local.ts";

/** Adds the `command` to run as the owner if the store belongs to another user; returns any other error unchanged. */
export function asOwner(error: unknown, command: (dir: string) => string): unknown {
  if (!(error instanceof OtherOwner) || !error.use) return error;
  const { user, dir } = error.use;
  return new StartupError(
    error.message,
    `Use it as that user: sudo -u ${user} ${command(shellWord(dir))}`,
    error,
  );
}
