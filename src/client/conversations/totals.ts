import { linesBack } from "./lines-back.ts";
import type { Handle } from "./open-file.ts";
import { decode, type Decoded } from "./decode.ts";
import type { Before, CountedRecord } from "./record.ts";
import { titleOf, titleOfQuestion } from "./title.ts";

/** What some records of a conversation add up to. */
export type Totals = Omit<Before, "bytes">;

const none: Totals = { turns: 0, title: null, at: null };

/** What a record changes. Kept instead of the record, which may be large. */
type Step = (totals: Totals) => Totals;

/** `start`: where its line begins. */
function stepOf(saved: CountedRecord, start: number): Step {
  if (saved.is === "title") {
    const { title } = saved;
    return (totals) => ({ ...totals, title });
  }
  if (saved.is === "pin") {
    const { pinned } = saved;
    return ({ turns, title, at, role, summarized }) => ({
      turns,
      title,
      at,
      ...(pinned ? { pinned } : {}),
      ...(role === undefined ? {} : { role }),
      ...(summarized === true ? { summarized } : {}),
    });
  }
  if (saved.is === "role") return (totals) => ({ ...totals, role: start });
  if (saved.is === "summary") return (totals) => ({ ...totals, summarized: true });
  const { at, turns: told } = saved;
  if (saved.is === "chosen") return (totals) => ({ ...totals, turns: saved.turns });
  const added = saved.replaces === undefined ? 1 : 0;
  const first = titleOfQuestion(saved.question);
  return ({ turns, title, ...more }) => ({
    ...more,
    turns: told ?? Math.max(turns + added, 1),
    title: title ?? first,
    at,
  });
}

const counted = new Set<Decoded["is"]>(["turn", "title", "chosen", "pin", "role", "summary"]);
const isCounted = (decoded: Decoded): decoded is CountedRecord => counted.has(decoded.is);

/** The turn behind which a conversation goes on after this record; undefined if that does not change. */
function headOf(saved: CountedRecord): string | undefined {
  if (saved.is === "turn") return saved.id;
  return saved.is === "chosen" ? saved.turn : undefined;
}

/** What a reader and a writer need of a file's end. */
export interface End {
  /** Of all records, including a last line without its line end. */
  now: Totals;
  /** The `before` of a record that is appended now. */
  before: Before;
  /** The last line has no line end: the next append must write it first. */
  torn: boolean;
  /** The turn behind which it goes on; undefined before the first one. */
  head: string | undefined;
}

/**
 * Reads the last lines only: the `before` of the last record holds the totals up to some byte, and the records after that
 * byte are added. If no line begins at that byte (somebody edited the file), all records are counted.
 */
export async function readEnd(handle: Handle, size: number): Promise<End> {
  const steps: { step: Step; ended: boolean }[] = [];
  let base: Before | undefined;
  let fits = true;
  let isCountedUp = false;
  let whole = size;
  let head: string | undefined;
  for await (const { start, bytes, ended } of linesBack(handle, size)) {
    if (!ended) whole = start;
    for (const decoded of decode(bytes).reverse()) {
      if (!isCounted(decoded)) continue;
      head ??= headOf(decoded);
      if (isCountedUp) continue;
      steps.push({ step: stepOf(decoded, start), ended });
      base ??= decoded.before.bytes <= start ? decoded.before : undefined;
    }
    if (fits && base?.bytes === start) isCountedUp = true;
    if (isCountedUp && head !== undefined) break;
    if (!isCountedUp && base && start < base.bytes) fits = false;
  }
  const from: Totals = fits && base ? totalsOf(base) : none;
  const fold = (some: typeof steps) => some.reduceRight((totals, { step }) => step(totals), from);
  const ended = fold(steps.filter((one) => one.ended));
  return { now: fold(steps), before: { bytes: whole, ...ended }, torn: whole < size, head };
}

function totalsOf({ turns, title, at, pinned, role, summarized }: Before): Totals {
  return {
    turns,
    title: title === null ? null : titleOf(title),
    at,
    ...(pinned === true ? { pinned } : {}),
    ...(Number.isSafeInteger(role) ? { role } : {}),
    ...(summarized === true ? { summarized } : {}),
  };
}
