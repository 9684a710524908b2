import { linesBack } from "./lines-back.ts";
import type { Handle } from "./open-file.ts";
import { decode } from "./decode.ts";
import type { ChosenRecord, SummaryRecord, TurnRecord } from "./record.ts";
import { savedTurn, type SavedTurn } from "./saved-turn.ts";

/** A turn, and the id of the turn that it follows; null for a first one. */
export interface TreeTurn extends SavedTurn {
  parent: string | null;
}

/** All turns of a conversation: those with the same parent are versions of each other. */
export interface Tree {
  /** In the order in which they ended: a parent comes before its children. */
  turns: TreeTurn[];
  /** The last turn of the path that is shown, and behind which the conversation goes on. */
  head: string | undefined;
}

/** All turns of the first `size` bytes. `onBroken`: see `pathBack`. */
export async function readTree(
  handle: Handle,
  size: number,
  onBroken: (byte: number) => void,
): Promise<Tree> {
  const records: (TurnRecord | ChosenRecord)[] = [];
  const summaries = new Map<string, SummaryRecord>();
  for await (const { start, bytes, ended } of linesBack(handle, size))
    for (const decoded of decode(bytes).reverse()) {
      if (decoded.is === "broken" && ended) onBroken(start);
      if (decoded.is === "turn" || decoded.is === "chosen") records.push(decoded);
      if (decoded.is === "summary" && !summaries.has(decoded.turn)) summaries.set(decoded.turn, decoded);
    }
  const turns = new Map<string, TreeTurn>();
  let head: string | undefined;
  const parentOf = ({ parent, replaces }: TurnRecord): string | null => {
    if (parent === null || (parent !== undefined && turns.has(parent))) return parent;
    const replaced = replaces === undefined || parent !== undefined ? undefined : turns.get(replaces);
    return replaced ? replaced.parent : (head ?? null);
  };
  for (const saved of records.reverse()) {
    if (saved.is === "chosen") head = turns.has(saved.turn) ? saved.turn : head;
    else {
      const summary = summaries.get(saved.id);
      const turn = savedTurn(summary ? { ...saved, summary } : saved);
      if (!turns.has(saved.id)) turns.set(saved.id, { ...turn, parent: parentOf(saved) });
      head = saved.id;
    }
  }
  return { turns: [...turns.values()], head };
}

/** The turns that lead to that one, oldest first. */
export function pathTo({ turns }: Tree, id: string | undefined): TreeTurn[] {
  const path: TreeTurn[] = [];
  let wanted: string | null | undefined = id;
  for (const turn of turns.toReversed()) {
    if (turn.id !== wanted) continue;
    path.push(turn);
    wanted = turn.parent;
  }
  return path.reverse();
}

/** The versions of a turn, oldest first, itself included. */
export function versionsOf({ turns }: Tree, { parent }: TreeTurn): TreeTurn[] {
  return turns.filter((turn) => turn.parent === parent);
}

/** The latest of the turns that lead on from that one, or itself. */
export function latestUnder({ turns }: Tree, id: string): string {
  const under = new Set([id]);
  let latest = id;
  for (const turn of turns) {
    if (turn.parent === null || !under.has(turn.parent)) continue;
    under.add(turn.id);
    latest = turn.id;
  }
  return latest;
}

/** By the id of a turn: how many turns lead to it, itself included. */
export function depthsOf({ turns }: Tree): Map<string, number> {
  const depths = new Map<string, number>();
  for (const { id, parent } of turns) depths.set(id, parent === null ? 1 : (depths.get(parent) ?? 0) + 1);
  return depths;
}

/** All turns, each before those that follow it, and before its later versions. */
export function depthFirst({ turns }: Tree): TreeTurn[] {
  const children = new Map<string | null, TreeTurn[]>();
  for (const turn of turns.toReversed()) {
    const siblings = children.get(turn.parent) ?? [];
    siblings.push(turn);
    children.set(turn.parent, siblings);
  }
  const ordered: TreeTurn[] = [];
  const open = [...(children.get(null) ?? [])];
  for (let turn = open.pop(); turn !== undefined; turn = open.pop()) {
    ordered.push(turn);
    open.push(...(children.get(turn.id) ?? []));
  }
  return ordered;
}
