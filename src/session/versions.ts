import { historyOf } from "../client/conversations/history.ts";
import type { WholeTree } from "../client/conversations/reader.ts";
import type { Role } from "../client/conversations/record.ts";
import { titleOf, titleOfQuestion } from "../client/conversations/title.ts";
import type { SavedTurn } from "../client/conversations/saved-turn.ts";
import { latestUnder, pathTo, versionsOf, type TreeTurn } from "../client/conversations/tree.ts";
import type { Kept } from "../client/kept/kept-file.ts";
import { cutWords } from "../protocol/cut-words.ts";
import { counted } from "../text/numbers.ts";
import { ageOf } from "./age.ts";
import type { Room } from "./room.ts";
import type { Choice } from "./finding.ts";
import type { ShownTree } from "./shown-tree.ts";
import { sentHistory, type SentHistory } from "./sent-history.ts";

/**
 * The session goes on behind the last of these exchanges. `seen`: the bytes of the file that were read. `more`: the number
 * of all exchanges up to there, if these are only the last ones, and the role of the conversation; by default it stays.
 */
export type GoOnWith = (
  conversation: { id: string; title: string },
  exchanges: readonly SavedTurn[],
  sent: SentHistory,
  seen: number,
  more?: { all: number; role: Role | undefined },
) => void;

interface VersionsOptions {
  read: () => Promise<ShownTree | undefined>;
  goOnWith: GoOnWith;
  tellOnce: (kept: Kept) => void;
}

/** The versions of the turns of this conversation, and its forks. */
export interface Versions {
  /** The versions of a turn, counted from 1, or of all turns that have several, latest turn first. */
  choices(turn?: number): Promise<Choice[]>;
  /** Goes on with a version: `5.2` is the second one of turn 5. */
  choose(id: string): Promise<void>;
  /** Goes on with a new conversation that has the turns up to that one, counted from 1, or all. */
  fork(turn?: number): Promise<void>;
}

/** Turns after the chosen one that are shown again. */
const SHOWN_AFTER = 2;

export function createVersions(room: Room, { read, goOnWith, tellOnce }: VersionsOptions): Versions {
  const { note, say } = room;

  const show = ({ question, answer, stopped, finish }: TreeTurn) =>
    say({ type: "past", question, answer, stopped, cut: cutWords(finish) });

  const numberIn = (path: readonly TreeTurn[], turn: number): boolean => {
    if (path[turn - 1] !== undefined) return true;
    note("dim", `This conversation has ${counted(path.length, "turn")}.`);
    return false;
  };

  const historyUpTo = (path: readonly TreeTurn[]) =>
    sentHistory(
      () => historyOf(path.toReversed()),
      () => historyOf(path.slice(0, -1).reverse()),
    );

  const rowsOf = (tree: WholeTree, shown: TreeTurn, turn: number): Choice[] =>
    versionsOf(tree, shown).map((version, at, { length }) => ({
      id: `${turn}.${at + 1}`,
      title: titleOfQuestion(version.question),
      detail: [
        `turn ${turn}`,
        `version ${at + 1} of ${length}`,
        ageOf(version.at, room.wallClock()),
        ...(version.id === shown.id ? ["shown"] : []),
      ],
      words: titleOf(version.answer),
    }));

  return {
    choices: async (only) => {
      const found = await read();
      if (found === undefined || (only !== undefined && !numberIn(found.path, only))) return [];
      const { tree, path } = found;
      const rows = path
        .map((shown, at) => (only === undefined || only === at + 1 ? rowsOf(tree, shown, at + 1) : []))
        .filter(({ length }) => length > 1);
      if (rows.length > 0) return rows.reverse().flat();
      const none = only === undefined ? "No turn here has another version" : `Turn ${only} has one version`;
      note("dim", `${none}; /retry and /edit make more.`);
      return [];
    },
    async choose(id) {
      const found = await read();
      const [turn = 0, version = 0] = id.split(".").map(Number);
      if (found === undefined || !numberIn(found.path, turn)) return;
      const { conversations, save, tree, path } = found;
      const versions = versionsOf(tree, path[turn - 1] as TreeTurn);
      const chosen = versions[version - 1];
      if (chosen === undefined)
        return note("dim", `Turn ${turn} has ${counted(versions.length, "version")}.`);
      if (chosen === path[turn - 1]) return note("dim", "That version is the one that is shown.");
      const leaf = latestUnder(tree, chosen.id);
      const now = pathTo(tree, leaf);
      if (save) tellOnce(await conversations.choose(tree.conversation.id, leaf));
      goOnWith(tree.conversation, now, await historyUpTo(now), tree.seen);
      const after = now.slice(turn);
      const hidden = after.slice(0, -SHOWN_AFTER);
      show(chosen);
      if (hidden.length > 0) note("dim", `${counted(hidden.length, "turn")} between`);
      after.slice(-SHOWN_AFTER).forEach(show);
      note("dim", `Going on with version ${version} of ${versions.length} of turn ${turn}.`);
    },
    async fork(turn) {
      const found = await read();
      if (found === undefined || (turn !== undefined && !numberIn(found.path, turn))) return;
      const { conversations, save, tree } = found;
      if (!save) return note("dim", "This session saves nothing, and so no fork.");
      const { id } = tree.conversation;
      const path = found.path.slice(0, turn);
      const fork = await conversations.fork(id, path.at(-1)?.id ?? null, room.state().role ?? null);
      tellOnce(fork);
      goOnWith(fork, path, await historyUpTo(path), 0);
      if (path.length < found.path.length) path.slice(-1).forEach(show);
      note(
        "dim",
        `A fork up to turn ${path.length}: ${fork.title}`,
        `To go on with the other one: /resume ${id}`,
      );
    },
  };
}
