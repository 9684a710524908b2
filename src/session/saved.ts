import type { Conversations } from "../client/conversations/conversations.ts";

/** The saved conversations of this machine, as a session uses them. */
export interface Saving {
  conversations: Conversations;
  /** Whether this session saves its turns; reading is always possible. */
  save: boolean;
  /** Whether conversations of all servers are offered, or those of the present one alone. */
  everywhere?: boolean;
  /** The command that prints a whole conversation, without its ID. */
  showCommand: string;
}

/** Which conversation a session begins with. */
export type Beginning = { kind: "newest" } | { kind: "choose" } | { kind: "id"; id: string };
