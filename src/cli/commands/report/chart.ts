import { painted } from "../../io/paint.ts";
import { createTable, type Column, type TableLook } from "../../io/table.ts";
import { totalOf, type ReportKind, type Sum } from "./sums.ts";

/** Longest and shortest bar of the most, in cells. */
const WIDEST = 40;
const NARROWEST = 8;
const GAP = "  ";

const columnsOf = (kind: ReportKind): Column<Sum>[] => [
  { name: kind, title: kind, kind: "text", value: ({ label }) => label },
  { name: "questions", title: "questions", kind: "number", value: ({ questions }) => questions },
  { name: "tokens", title: "tokens", kind: "number", value: ({ tokens }) => tokens },
];

/** Lengths of bars: as the tokens, or as the questions if nothing cost any. What is not zero has one cell at least. */
function barsOf(sums: readonly Sum[], widest: number): number[] {
  const field = sums.some(({ tokens }) => tokens > 0) ? "tokens" : "questions";
  const most = sums.reduce((most, sum) => Math.max(most, sum[field]), 1);
  return sums.map(({ [field]: value }) =>
    value === 0 ? 0 : Math.max(1, Math.round((value / most) * widest)),
  );
}

/** A line for each sum and one for all of them: on a screen with a bar, else plain. */
export async function reportLines(
  sums: readonly Sum[],
  { kind, width, ascii, color }: TableLook & { kind: ReportKind; color: boolean },
): Promise<string[]> {
  const left = width === undefined ? undefined : width - NARROWEST - GAP.length;
  const table = createTable(columnsOf(kind), { width: left, ascii });
  const lines = await table.lines([...sums, totalOf(sums)]);
  if (width === undefined) return lines;
  const room = width - Math.max(...lines.map((line) => line.length)) - GAP.length;
  const bars = room < NARROWEST ? [] : barsOf(sums, Math.min(WIDEST, room));
  const block = ascii ? "#" : "█";
  return lines.map((line, at) => {
    const length = bars[at - 1] ?? 0;
    return length === 0 ? line : line + GAP + painted(block.repeat(length), "green", color);
  });
}
