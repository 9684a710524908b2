import type { Role } from "../client/conversations/record.ts";
import type { Turn } from "../protocol/bodies.ts";
import { historyFor } from "../client/conversations/fitting-history.ts";
import { carriedRole } from "./role.ts";
import type { Room } from "./room.ts";

/** What goes to the server with a message. It is part of what the question's key stands for. */
export interface Outgoing {
  key: string;
  history: Turn[];
  /** How many of these are pinned: they come before the conversation. */
  pinned: number;
  instructions?: string | undefined;
}

interface Asked {
  key: string;
  message: string;
  before: readonly Turn[];
  role: Role | undefined;
  signal: AbortSignal;
}

/**
 * Finds what goes out with a question. Sent again under its key it has the same, though the limits may have changed.
 * `onRole` gets what is to be said of the role.
 */
export function createOutgoing(room: Room, onRole: (words: string) => void) {
  let last: Outgoing | undefined;
  return async ({ key, message, before, role, signal }: Asked): Promise<Outgoing> => {
    if (last?.key === key) return last;
    const { instructions, pinned, told } = await carriedRole(role, room.client, signal);
    const history = historyFor(before, message + (instructions ?? ""), room.state().limits, pinned);
    const outgoing = { key, history, pinned: pinned.length, instructions };
    // Stopped before, it may lack what the server takes.
    if (signal.aborted) return outgoing;
    if (told !== undefined) onRole(told);
    last = outgoing;
    return outgoing;
  };
}
