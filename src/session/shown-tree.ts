import type { Conversations } from "../client/conversations/conversations.ts";
import type { WholeTree } from "../client/conversations/reader.ts";
import { pathTo, type TreeTurn } from "../client/conversations/tree.ts";
import type { Room } from "./room.ts";
import type { Saving } from "./saved.ts";

/** The conversation of the session as it is on disk, with the turns that are shown; there is at least one. */
export interface ShownTree {
  conversations: Conversations;
  save: boolean;
  tree: WholeTree;
  path: TreeTurn[];
}

/** Reads it; undefined, and printed, if nothing of it is saved. */
export function createShownTree(
  { state, note }: Room,
  guarded: <T>(work: (saved: Saving) => Promise<T>) => Promise<T | undefined>,
): () => Promise<ShownTree | undefined> {
  return () =>
    guarded(async ({ conversations, save }) => {
      const { conversation: id, kept, leaf } = state();
      const tree = id === undefined || !kept ? undefined : await conversations.readTree(id);
      const path = tree ? pathTo(tree, leaf ?? undefined) : [];
      if (tree && path.length > 0) return { conversations, save, tree, path };
      note("dim", "Nothing of this conversation is saved yet.");
      return undefined;
    });
}
