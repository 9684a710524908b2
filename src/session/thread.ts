import { ClientError } from "../client/failure.ts";
import type { Conversations } from "../client/conversations/conversations.ts";
import { historyFor } from "../client/conversations/fitting-history.ts";
import type { Role } from "../client/conversations/record.ts";
import { splitSummary } from "../client/conversations/summarized.ts";
import type { Owner } from "../client/conversations/reader.ts";
import type { NewTurn } from "../client/conversations/saved-turn.ts";
import type { Kept } from "../client/kept/kept-file.ts";
import type { Turn } from "../protocol/bodies.ts";
import type { ChatLimits } from "../protocol/chat-limits.ts";
import { forgotten } from "./context.ts";

/** A turn that just ended; its model is looked up only if it is saved. */
type EndedTurn = Omit<NewTurn, "model" | "parent" | "role"> & {
  model: () => string | null | Promise<string | null>;
};

/** Where in a saved conversation a question is asked. */
export interface ThreadPlace {
  id: string;
  /** The turn that it follows; null for a first one. */
  parent: string | null;
  /** How many bytes of the file this session has read: see `Conversations.claim`. */
  seen: number;
  /** The role of a fork of it; by default the one in the file. */
  role?: Role | null;
}

/** The saved conversation that a question belongs to. */
export interface Thread {
  /** Another one after `claim` made a fork. */
  readonly id: string;
  /** Nothing of it is on disk before its first turn. */
  readonly isNew: boolean;
  /** The turns to send with a message, oldest first: the newest that fit beside `pinned`, as they are on disk by then. */
  history(message: string, limits?: ChatLimits, pinned?: readonly Turn[]): Promise<Turn[]>;
  /** How many of so many turns did not reach the AI, if `sent` entries did; those of the summary in `history` did. */
  forgotten(turns: number, sent: number): number;
  /** How many turns it has, the model that its last question named, and its role. */
  state(): Promise<{ turns: number; asked: string | undefined; role: Role | undefined }>;
  /**
   * Called right before the question goes out. If another session has gone on with the conversation, or is asking in it,
   * this thread becomes a fork; then that is the result.
   */
  claim(): Promise<(Kept & { id: string; title: string }) | undefined>;
  /** Appends the turn that ended; undefined if nothing of an answer came, which is not saved. */
  keep(turn: EndedTurn): Promise<(Kept & { turn: string; lostImages?: string }) | undefined>;
  /** The question ended without a turn. */
  drop(): Promise<void>;
}

/** A question at that place, or in a new conversation. `role`: what the conversation has from its turn on, if that is new. */
export function openThread(
  conversations: Conversations,
  owner: Owner,
  known: ThreadPlace | undefined,
  role?: Role | null,
): Thread {
  let id = known?.id ?? conversations.start(owner);
  const parent = known?.parent ?? null;
  /** The turns that are in the summary. */
  let standsFor = 0;
  const drop = () => conversations.release(id);
  return {
    get id() {
      return id;
    },
    isNew: known === undefined,
    async history(message, limits, pinned) {
      const turns = known === undefined ? [] : await conversations.turnsForHistory(id);
      ({ standsFor } = splitSummary(turns));
      return historyFor(turns, message, limits, pinned);
    },
    forgotten: (turns, sent) => forgotten(2 * (turns - standsFor) + (standsFor > 0 ? 2 : 0), sent),
    async state() {
      if (known === undefined) return { turns: 0, asked: undefined, role: undefined };
      const { conversation, exchanges } = await conversations.readTail(id, 1);
      return {
        turns: conversation.turns,
        asked: exchanges.at(-1)?.asked,
        role: await conversations.roleOf(id),
      };
    },
    async claim() {
      if (known === undefined || (await conversations.claim(id, known.seen)) !== "taken") return undefined;
      const fork = await conversations.fork(id, parent, known.role).catch((error: unknown) => {
        // It was deleted just now: saving the turn says so.
        if (!(error instanceof ClientError)) throw error;
      });
      if (fork === undefined) return undefined;
      ({ id } = fork);
      await conversations.claim(id, 0);
      return fork;
    },
    async keep({ model, ...turn }) {
      if (turn.answer !== "")
        return conversations.append(id, { ...turn, parent, role, model: await model() });
      await drop();
      return undefined;
    },
    drop,
  };
}

/** Where the next question of a saved conversation is asked, as it is on disk now. */
export async function endOf(conversations: Conversations, id: string): Promise<ThreadPlace> {
  const { exchanges, seen } = await conversations.readTail(id, 1);
  return { id, parent: exchanges.at(-1)?.id ?? null, seen };
}
