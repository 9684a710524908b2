import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ChatOptions, Connection } from "../tui/options.ts";
import type { Place, SessionOptions } from "./room.ts";

/** A connection as the session knows it. */
function placeOf(connection: Connection): Place {
  return {
    ...connection.target,
    saveLogin: (entry) => connection.saveLogin(entry),
    forgetLogin: (token) => connection.forgetLogin(token),
  };
}

/** What a session is made of, out of what the program was called with and how it is shown. */
export function sessionOptions(
  options: ChatOptions,
  shown: Pick<SessionOptions, "say" | "dot" | "block" | "columns" | "again" | "crash">,
): SessionOptions {
  const { commandName, saving, beginning } = options;
  return {
    ...placeOf(options),
    ...shown,
    commandName,
    saving,
    beginning,
    connectTo: options.connectTo && (async (server) => placeOf(await options.connectTo!(server))),
    now: Date.now,
    newKey: randomUUID,
    sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
  };
}
