import { createSession } from "../../../src/session/create-session.ts";
import type { SessionOptions } from "../../../src/session/room.ts";
import type { Said } from "../../../src/session/transcript.ts";

/** A session without a screen, whose clock stands still but for what it sleeps. A bug in its background work throws. */
export function openSession(given: Partial<SessionOptions> & Pick<SessionOptions, "connection">) {
  const said: Said[] = [];
  let clock = 0;
  let keys = 0;
  const options: SessionOptions = {
    commandName: "ai-chat",
    say: (thing) => said.push(thing),
    again: () => "Enter",
    stopKey: "Esc",
    crash: (error) => {
      throw error;
    },
    now: () => clock,
    newKey: () => `key-${(keys += 1)}`,
    sleep: async (milliseconds) => void (clock += milliseconds),
    ...given,
  };
  const session = createSession(options);
  return {
    options,
    session,
    said,
    /** Asks, and waits until nothing is under way. */
    ask: async (text: string) => {
      session.ask(text);
      await session.idle();
    },
    /** The lines of all notes. */
    notes: () =>
      said.flatMap((thing) =>
        thing.type === "note" ? thing.lines.map((line) => [line].flat().join(" · ")) : [],
      ),
    /** The texts that were given back. */
    given: () => said.flatMap((thing) => (thing.type === "giveBack" ? [thing.text] : [])),
    pass: (milliseconds: number) => void (clock += milliseconds),
  };
}
