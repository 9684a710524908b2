import { linesBack } from "./lines-back.ts";
import type { Handle } from "./open-file.ts";
import { decode, titleOf, type Before, type Decoded, type TitleRecord, type TurnRecord } from "./record.ts";

/** How a conversation stands after some of its records. */
export type Standing = Omit<Before, "bytes">;

/** How it stands before its first turn. */
export const blank: Standing = { turns: 0, title: null, at: null };

/** What a record does to the standing: small, unlike the record. */
type Step = (standing: Standing) => Standing;

function stepOf(saved: TurnRecord | TitleRecord): Step {
  const { at } = saved;
  if (saved.is === "title") {
    const { title } = saved;
    return (standing) => ({ ...standing, title });
  }
  const added = saved.replaces === undefined ? 1 : 0;
  const first = titleOf(saved.question);
  return ({ turns, title }) => ({ turns: Math.max(turns + added, 1), title: title ?? first, at });
}

const isCounted = (decoded: Decoded): decoded is TurnRecord | TitleRecord =>
  decoded.is === "turn" || decoded.is === "title";

/** The end of a file, as a reader and as a writer need it. */
export interface End {
  /** Everything that can be read, also a last line that lacks only its line end. */
  now: Standing;
  /** What a record that is appended now may claim of what stands before it. */
  before: Before;
  /** Whether the last line has no end: the next append must end it first. */
  torn: boolean;
}

/**
 * Finds out how the conversation stands from its last lines alone: the last record tells what stood before some byte,
 * and what came after that byte is counted. Where a claim doesn't fit (somebody edited the file), all is counted.
 */
export async function readEnd(handle: Handle, size: number): Promise<End> {
  const steps: { step: Step; ended: boolean }[] = [];
  let claim: Before | undefined;
  let isBelieved = true;
  let whole = size;
  for await (const { start, bytes, ended } of linesBack(handle, size)) {
    if (!ended) whole = start;
    for (const decoded of decode(bytes).reverse()) {
      if (!isCounted(decoded)) continue;
      steps.push({ step: stepOf(decoded), ended });
      claim ??= decoded.before.bytes <= start ? decoded.before : undefined;
    }
    if (isBelieved && claim?.bytes === start) break;
    if (claim && start < claim.bytes) isBelieved = false;
  }
  const from: Standing = isBelieved && claim ? standingOf(claim) : blank;
  const fold = (some: typeof steps) => some.reduceRight((standing, { step }) => step(standing), from);
  const ended = fold(steps.filter((one) => one.ended));
  return { now: fold(steps), before: { bytes: whole, ...ended }, torn: whole < size };
}

function standingOf({ turns, title, at }: Before): Standing {
  return { turns, title: title === null ? null : titleOf(title), at };
}
