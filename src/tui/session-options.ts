import { setTimeout as sleep } from "node:timers/promises";
import type { ChatOptions } from "./options.ts";
import { commandNamed } from "../session/commands.ts";
import type { SessionOptions } from "../session/room.ts";

const isCommand = (name: string) => commandNamed(name) !== undefined;

/** The options of a session, from those of the program and of its face. */
export function sessionOptions(
  options: ChatOptions,
  shown: Pick<SessionOptions, "say" | "again" | "stopKey" | "crash">,
): SessionOptions {
  const { connection, onLoginProblem, commandName, saving, beginning, connectTo, draft, texts, role } =
    options;
  return {
    ...shown,
    connection,
    onLoginProblem,
    commandName,
    saving,
    beginning,
    connectTo,
    roles: texts?.roles,
    prompts: texts && { texts: texts.prompts, isCommand },
    role,
    unsent: draft?.found?.queue,
    pending: draft?.found?.pending,
    images: { found: draft?.images ?? [], keep: async (image) => draft?.keepImage?.(image) },
    onPending: (pending) => draft?.keep({ pending }),
    now: Date.now,
    newKey: () => crypto.randomUUID(),
    sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
  };
}
