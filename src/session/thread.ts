import type { Conversations } from "../client/conversations/conversations.ts";
import { historyFor } from "../client/conversations/fitting-history.ts";
import type { Owner } from "../client/conversations/reader.ts";
import type { NewTurn } from "../client/conversations/saved-turn.ts";
import type { Kept } from "../client/kept/kept-file.ts";
import type { Turn } from "../protocol/bodies.ts";
import type { ChatLimits } from "../protocol/chat-limits.ts";

/** A turn that just ended; its model is looked up only if it is saved. */
type EndedTurn = Omit<NewTurn, "model"> & { model: () => string | null | Promise<string | null> };

/** The saved conversation that a question belongs to. */
export interface Thread {
  readonly id: string;
  /** Nothing of it is on disk before its first turn. */
  readonly isNew: boolean;
  /** The turns to send with a message, oldest first: the newest that fit, as they are on disk by then. */
  history(message: string, limits?: ChatLimits): Promise<Turn[]>;
  /** How many turns it has, and the model that its last question named. */
  state(): Promise<{ turns: number; asked: string | undefined }>;
  /** Appends the turn that ended; undefined if nothing of an answer came, which is not saved. */
  keep(turn: EndedTurn): Promise<(Kept & { turn: string }) | undefined>;
}

/** The conversation with that ID, or a new one. */
export function openThread(conversations: Conversations, owner: Owner, known: string | undefined): Thread {
  const id = known ?? conversations.start(owner);
  return {
    id,
    isNew: known === undefined,
    history: async (message, limits) =>
      known === undefined ? [] : historyFor(await conversations.turnsForHistory(id), message, limits),
    async state() {
      if (known === undefined) return { turns: 0, asked: undefined };
      const { conversation, exchanges } = await conversations.readTail(id, 1);
      return { turns: conversation.turns, asked: exchanges.at(-1)?.asked };
    },
    keep: async ({ model, ...turn }) =>
      turn.answer === "" ? undefined : conversations.append(id, { ...turn, model: await model() }),
  };
}
