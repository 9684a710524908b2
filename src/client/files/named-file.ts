/** Lines of a file, from 1, the last one included. */
export interface LineRange {
  first: number;
  last: number;
}

/** A file that a person named. */
export interface NamedFile {
  /** As it was typed; of a range with its lines, `src/app.ts#20-45`. */
  name: string;
  /** Where it is. */
  path: string;
  /** Only these lines of it. */
  range?: LineRange | undefined;
}

const RANGE = /#L?(\d{1,9})(?:-L?(\d{1,9}))?$/;

/** `src/app.ts#20-45` without its end, and the lines that this names; undefined if the text does not end so. */
export function splitRange(text: string): { path: string; range: LineRange } | undefined {
  const found = RANGE.exec(text);
  if (found === null || found.index === 0) return undefined;
  const one = Math.max(1, Number(found[1]));
  const other = found[2] === undefined ? one : Math.max(1, Number(found[2]));
  return {
    path: text.slice(0, found.index),
    range: { first: Math.min(one, other), last: Math.max(one, other) },
  };
}
