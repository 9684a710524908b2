import { literals } from "./formula.ts";

/**
 * A row of a table with at most `columns` cells: where it has too many `|`, those in code and formulas are escaped, then,
 * with `join`, those of the last cells. GitHub drops cells that are too many.
 */
export function boundedRow(row: string, columns: number, join: boolean): string {
  const pipes = dividers(row);
  if (pipes.length < columns) return row;
  const { found } = literals(row);
  let next = 0;
  const isLiteral = (at: number): boolean => {
    while (next < found.length && (found[next]?.end ?? 0) <= at) next += 1;
    return (found[next]?.start ?? Infinity) <= at;
  };
  const escaped = new Set(pipes.filter(isLiteral));
  if (join) for (const at of pipes.filter((at) => !escaped.has(at)).slice(columns - 1)) escaped.add(at);
  return row.replaceAll("|", (pipe, at: number) => (escaped.has(at) ? "\\|" : pipe));
}

/** Where the pipes are that divide cells. */
function dividers(row: string): number[] {
  const places: number[] = [];
  const first = row.length - row.trimStart().length;
  const last = row.trimEnd().length - 1;
  for (let at = 0, slashes = 0; at < row.length; at += 1) {
    if (row[at] === "|" && slashes % 2 === 0 && at !== first && at !== last) places.push(at);
    slashes = row[at] === "\\" ? slashes + 1 : 0;
  }
  return places;
}
