import type { Summary } from "../client/conversations/summary.ts";
import { createWordFinder } from "../client/conversations/words.ts";
import { counted } from "../text/numbers.ts";
import { ageOf } from "./age.ts";
import { shownName } from "./connection.ts";
import type { Room } from "./room.ts";
import type { Saving } from "./saved.ts";
import type { Line } from "./transcript.ts";

/** One conversation to choose, in words. */
export interface Choice {
  id: string;
  title: string;
  /** `pinned`, age and turns, and the server if it is another one. */
  detail: Line;
  /** The first words, if they differ from the title; after a search, the words around the match. */
  words: string;
  /** Offset of the match in `words`; it must stay visible on a narrow screen. */
  focus?: number;
}

/** A conversation whose turns hold what was looked for. */
export type FoundChoice = Pick<Choice, "id" | "words" | "focus">;

/** Finds saved conversations: of this server or of all, without the one that is open. */
export interface Finding {
  /** All of them, pinned ones first, then latest first. */
  choices(): Promise<Choice[]>;
  /** Those that hold all words of the text, with the words around one of them. */
  search(text: string): Promise<Choice[]>;
  /** The same among those of the last `choices` or `search` that have one of these IDs, one at a time. */
  searchAmong(
    text: string,
    ids: ReadonlySet<string>,
    signal: AbortSignal,
  ): AsyncGenerator<FoundChoice, void, undefined>;
}

export function createFinding(
  room: Room,
  guarded: <T>(work: (saved: Saving) => Promise<T>) => Promise<T | undefined>,
): Finding {
  let listed: Summary[] = [];

  const offered = (summaries: readonly Summary[], { everywhere }: Saving) =>
    summaries.filter(
      ({ id, server }) => id !== room.state().conversation && (everywhere === true || server === room.name),
    );

  const detailOf = ({ updatedAt, turns, server, pinned }: Summary) => [
    ...(pinned ? ["pinned"] : []),
    ageOf(updatedAt, room.wallClock()),
    counted(turns, "turn"),
    ...(server === room.name ? [] : [shownName(server)]),
  ];

  return {
    async choices() {
      listed = (await guarded(async (saved) => offered(await saved.conversations.list(), saved))) ?? [];
      return listed.map((summary) => ({
        id: summary.id,
        title: summary.title,
        detail: detailOf(summary),
        words: summary.firstWords === summary.title ? "" : summary.firstWords,
      }));
    },
    async search(text) {
      const found: Choice[] = [];
      await guarded(async (saved) => {
        const { conversations } = saved;
        listed = [];
        for await (const { conversation, snippet, at } of conversations.search(text)) {
          if (offered([conversation], saved).length === 0) continue;
          const { id, title } = conversation;
          listed.push(conversation);
          found.push({ id, title, detail: detailOf(conversation), words: snippet, focus: at });
        }
      });
      return found;
    },
    async *searchAmong(text, ids, signal) {
      if (createWordFinder(text) === undefined) return;
      const among = listed.filter(({ id }) => ids.has(id));
      const found = room.saving?.conversations.search(text, { among, signal }) ?? [];
      for await (const { conversation, snippet, at } of found)
        yield { id: conversation.id, words: snippet, focus: at };
    },
  };
}
