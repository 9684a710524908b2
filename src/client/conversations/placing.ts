import type { Handle } from "./open-file.ts";
import { pathBack } from "./path.ts";
import {
  FIRST_FORMAT,
  FORMAT,
  type ChosenRecord,
  type CountedRecord,
  type PinRecord,
  type RoleRecord,
  type SummaryRecord,
  type TitleRecord,
  type TurnRecord,
} from "./record.ts";
import type { End } from "./totals.ts";

/** A record without what is read from the file when the record is written. */
export type Unplaced =
  | Omit<TurnRecord, "before" | "turns">
  | Omit<TitleRecord, "before">
  | Omit<PinRecord, "before">
  | Omit<RoleRecord, "before">
  | Omit<ChosenRecord, "before" | "turns">
  | Omit<SummaryRecord, "before" | "turns">;

/** Gives records their place behind the end of a file. */
export interface Placing {
  place(record: Unplaced): Promise<CountedRecord>;
  /** The version of a file that holds these records. */
  readonly needsVersion: number;
}

/** For the first `size` bytes of a file of that version, which end as `end` says. Records are placed one after another. */
export function createPlacing(handle: Handle, size: number, end: End, version: number): Placing {
  const { before } = end;
  let { head } = end;
  let headTurns = end.now.turns;
  let needsVersion = version;
  /** Of the records that are not in the file yet. */
  const placed = new Map<string, number>();

  /** The number of turns that lead to that one, itself included. */
  const turnsTo = async (id: string | null): Promise<number> => {
    if (id === null) return 0;
    if (id === head) return headTurns;
    const known = placed.get(id);
    if (known !== undefined) return known;
    let count = 0;
    for await (const _ of pathBack(handle, size, { from: id })) count += 1;
    return count;
  };

  const placeTurn = async ({
    replaces,
    ...turn
  }: Omit<TurnRecord, "before" | "turns">): Promise<TurnRecord> => {
    const { id, parent } = turn;
    const isNext = parent === undefined || parent === (head ?? null);
    const isInstead = !isNext && replaces !== undefined && replaces === head;
    // To a program of version 1 it would seem to follow the last turn.
    if (!isNext && !isInstead) needsVersion = FORMAT;
    const turns = isInstead ? headTurns : isNext ? headTurns + 1 : (await turnsTo(parent)) + 1;
    [head, headTurns] = [id, turns];
    placed.set(id, turns);
    const old = isInstead && needsVersion === FIRST_FORMAT ? { replaces } : {};
    return { ...turn, ...old, ...(parent === undefined ? {} : { turns }), before };
  };

  return {
    async place(record) {
      if (record.is === "title" || record.is === "pin" || record.is === "role") return { ...record, before };
      if (record.is === "turn") return placeTurn(record);
      if (record.is === "summary") return { ...record, turns: await turnsTo(record.turn), before };
      needsVersion = FORMAT;
      [headTurns, head] = [await turnsTo(record.turn), record.turn];
      return { ...record, turns: headTurns, before };
    },
    get needsVersion() {
      return needsVersion;
    },
  };
}
