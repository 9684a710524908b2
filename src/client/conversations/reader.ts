import { ClientError } from "../failure.ts";
import type { Turn } from "../../protocol/bodies.ts";
import { mapAhead, mapFew, type Folder, type Reading } from "./folder.ts";
import { historyOf, type HistoryBounds } from "./history.ts";
import type { Handle } from "./open-file.ts";
import { pathBack, type PathTurn } from "./path.ts";
import { readRole } from "./read-role.ts";
import type { Role } from "./record.ts";
import { savedTurn, type SavedTurn } from "./saved-turn.ts";
import { searchIn, type Found } from "./search.ts";
import { readSummary, type Summary } from "./summary.ts";
import { isNameOf, type AccountNames } from "../account-name.ts";
import { readEnd } from "./totals.ts";
import { readTree, type Tree } from "./tree.ts";
import { createWordFinder } from "./words.ts";

/** Whose conversations: of a server (as `normalizeServer` writes it, or `local`) and an account. */
export interface Owner extends AccountNames {
  server: string;
}

/** A whole conversation, turns oldest first. */
export interface Conversation extends Summary {
  exchanges: SavedTurn[];
}

/** The end of a conversation. */
export interface Tail {
  conversation: Summary;
  /** The last turns, oldest first. */
  exchanges: SavedTurn[];
  /** How many turns are before them. */
  earlier: number;
  /** How many bytes of the file were read: what is behind them, this session has not seen. */
  seen: number;
}

/** A whole conversation with all its versions. */
export interface WholeTree extends Tree {
  conversation: Summary;
  seen: number;
}

/**
 * Reads saved conversations. A method that takes an id rejects with `ClientError` if that one is missing or broken; a
 * method that reads many skips a broken one and reports it.
 */
export interface Reader {
  /** Pinned ones first, then latest turn first. Reads the first and the last lines of each. */
  list(): Promise<Summary[]>;
  /** The one with the latest turn of an owner, or of those that are wanted. */
  newest(wanted: Owner | ((summary: Summary) => boolean)): Promise<Summary | undefined>;
  /** By its id or the beginning of it. None or several: `ClientError("usage")`, whose remedy lists the candidates. */
  find(prefix: string): Promise<Summary>;
  /** All turns that lead to its head. */
  read(id: string): Promise<Conversation>;
  /** All turns with all versions. */
  readTree(id: string): Promise<WholeTree>;
  /** Its role; undefined if it has none. */
  roleOf(id: string): Promise<Role | undefined>;
  /** The records of the turns that lead to that one, oldest first. */
  readPath(id: string, to: string): Promise<PathTurn[]>;
  /** Its last `count` turns. Reads no more than they take. */
  readTail(id: string, count: number): Promise<Tail>;
  /**
   * The history of the next question, or of one after the turn `to`: the newest complete exchanges that fit, oldest first,
   * after the summary of those before them, if there is one.
   */
  turnsForHistory(id: string, bounds?: HistoryBounds & { to?: string }): Promise<Turn[]>;
  /**
   * The conversations that hold all words of a text (see `WordFinder`) in their title and all versions of their turns, one
   * at a time, in the order of `list` or in the order of `among`; no more once the signal aborts. Text without words:
   * `ClientError("usage")`.
   */
  search(
    text: string,
    options?: { among?: readonly Summary[]; signal?: AbortSignal },
  ): AsyncGenerator<Found, void, undefined>;
}

/** Milliseconds. A kernel's clock for files is coarser than ours; some file systems count in two seconds. */
const CLOCKS_APART = 2000;
/** Files that are searched side by side: each is in memory as a whole. */
const SEARCHED_TOGETHER = 3;
/** Most candidates that an error names. */
const NAMED = 5;

const latestFirst = (a: Summary, b: Summary) =>
  b.updatedAt - a.updatedAt || b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1);

const pinnedFirst = (a: Summary, b: Summary) => Number(b.pinned) - Number(a.pinned) || latestFirst(a, b);

const isOf = (owner: Owner, { server, username }: Summary) =>
  server === owner.server && isNameOf(owner, username);

async function take<T>(count: number, from: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = [];
  if (count <= 0) return taken;
  for await (const one of from) if (taken.push(one) >= count) break;
  return taken;
}

export function createReader(folder: Folder): Reader {
  const noSuch = (what: string) =>
    new ClientError("usage", `There is no conversation ${what}.`, {
      remedy: { kind: "list_conversations" },
    });

  /** The value, or a `ClientError` for the one file that was asked for. */
  const needed = <T>(id: string, reading: Reading<T>): T => {
    if (reading.kind === "read") return reading.value;
    if (reading.kind === "missing") throw noSuch(id);
    throw new ClientError("internal", `Conversation ${id} can't be opened.`, {
      remedy: { kind: "fix_file", trouble: `${folder.pathOf(id)} ${reading.why}` },
    });
  };

  /** The value; `undefined` for a broken file, which is reported. */
  const ifReadable = <T>(id: string, reading: Reading<T>): T | undefined => {
    if (reading.kind === "unreadable") folder.tell(id, reading.why);
    return reading.kind === "read" ? reading.value : undefined;
  };

  const onBroken = (id: string) => (byte: number) =>
    folder.tell(id, `has a broken line at byte ${byte}, which is skipped. Delete that line.`);
  const turnsOf = async function* (id: string, handle: Handle, size: number, from?: string) {
    for await (const saved of pathBack(handle, size, { from, onBroken: onBroken(id) }))
      yield savedTurn(saved);
  };
  const summaryOf = (id: string) => folder.read(id, (handle, size) => readSummary(handle, id, size));

  const several = async (prefix: string, ids: string[]): Promise<ClientError> => {
    const candidates = await mapFew(ids.sort().slice(0, NAMED), async (id) => ({
      id,
      title: ifReadable(id, await summaryOf(id))?.title,
    }));
    return new ClientError("usage", `${ids.length} conversations begin with ${prefix}.`, {
      remedy: { kind: "name_conversation", candidates, more: ids.length - candidates.length },
    });
  };

  const list = async () => {
    const found = await mapFew(await folder.ids(), async (id) => ifReadable(id, await summaryOf(id)));
    return found.filter((summary) => summary !== undefined).sort(pinnedFirst);
  };

  const readTail = async (id: string, count: number): Promise<Tail> => {
    const reading = await folder.read(id, async (handle, size) => {
      const conversation = await readSummary(handle, id, size);
      const exchanges = (await take(count, turnsOf(id, handle, size))).reverse();
      const earlier = Math.max(0, conversation.turns - exchanges.length);
      return { conversation, exchanges, earlier, seen: size };
    });
    return needed(id, reading);
  };

  return {
    list,
    newest: async (wanted) => {
      const isWanted = typeof wanted === "function" ? wanted : (summary: Summary) => isOf(wanted, summary);
      let best: Summary | undefined;
      const files = mapAhead(await folder.idsByChange(), async ({ id, changed }) => ({
        changed,
        summary: ifReadable(id, await summaryOf(id)),
      }));
      for await (const { changed, summary } of files) {
        // No turn is later than the last change of its file; a file can be changed later, by a new title.
        if (best && changed + CLOCKS_APART < best.updatedAt) break;
        if (summary && isWanted(summary) && (!best || latestFirst(summary, best) < 0)) best = summary;
      }
      return best;
    },
    find: async (prefix) => {
      const wanted = prefix.toLowerCase();
      if (!/^[a-z0-9]{1,8}$/.test(wanted)) throw noSuch("of that ID: it has 8 letters a–z and digits");
      const ids = (await folder.ids()).filter((id) => id.startsWith(wanted));
      const [only] = ids;
      if (only === undefined) throw noSuch(wanted);
      if (ids.length > 1) throw await several(wanted, ids);
      return needed(only, await summaryOf(only));
    },
    read: async (id) => {
      const { conversation, exchanges } = await readTail(id, Infinity);
      return { ...conversation, turns: exchanges.length, exchanges };
    },
    readTail,
    readTree: async (id) => {
      const reading = await folder.read(id, async (handle, size) => ({
        conversation: await readSummary(handle, id, size),
        ...(await readTree(handle, size, onBroken(id))),
        seen: size,
      }));
      return needed(id, reading);
    },
    roleOf: async (id) => needed(id, await folder.read(id, readRole)),
    readPath: async (id, to) => {
      const path = (handle: Handle, size: number) => pathBack(handle, size, { from: to });
      return needed(id, await folder.read(id, (...file) => take(Infinity, path(...file)))).reverse();
    },
    turnsForHistory: async (id, { to, ...bounds } = {}) => {
      const reading = await folder.read(id, async (handle, size) => {
        const { summarized = false } = (await readEnd(handle, size)).now;
        return historyOf(turnsOf(id, handle, size, to), bounds, summarized);
      });
      return needed(id, reading);
    },
    search: async function* (text, { among, signal } = {}) {
      const finder = createWordFinder(text);
      if (finder === undefined)
        throw new ClientError("usage", "There is nothing to search for.", { remedy: { kind: "give_text" } });
      const lookInto = async (conversation: Summary) => {
        if (signal?.aborted === true) return undefined;
        const { id } = conversation;
        const reading = await folder.read(id, (handle, size) =>
          searchIn(conversation, { handle, size }, finder),
        );
        return ifReadable(id, reading);
      };
      for await (const found of mapAhead(among ?? (await list()), lookInto, SEARCHED_TOGETHER)) {
        if (found) yield found;
      }
    },
  };
}
