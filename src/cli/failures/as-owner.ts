import { shellWord } from "../../text/shell-word.ts";
import { OtherOwner, StartupError } from "../../server/local.ts";

/** The refusal of another user's store, with the `command` to type instead; any other error as it is. */
export function asOwner(error: unknown, command: (dir: string) => string): unknown {
  if (!(error instanceof OtherOwner) || !error.use) return error;
  const { user, dir } = error.use;
  return new StartupError(
    error.message,
    `Use it as that user: sudo -u ${user} ${command(shellWord(dir))}`,
    error,
  );
}
