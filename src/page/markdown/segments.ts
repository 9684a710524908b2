const FENCE = /^(?:\s|>|[-*+]\s|\d{1,9}[.)]\s)*(`{3,}(?=[^`]*$)|~{3,})/;
/** What goes on with a list after a blank line, or begins one: its items stay together. */
const CONTINUES = /^(?:\s|[-*+](?:\s|$)|\d{1,9}[.)](?:\s|$))/;

/** Cuts Markdown that comes in pieces into segments that can be read by themselves. */
export interface Segments {
  /** Takes a piece. Returns the segments that have ended with it. */
  push(piece: string): string[];
  /** What has not ended yet. */
  readonly rest: string;
}

/**
 * See {@link Segments}. A segment ends at a blank line before a line at the margin, outside of fenced code and lists. The segments
 * and the rest joined are the pieces joined.
 */
export function createSegments(): Segments {
  let rest = "";
  /** Index in `rest` up to which lines have been looked at. */
  let seen = 0;
  let fence = "";
  let isBlank = false;

  /** Whether a segment ends before this line. */
  const endsBefore = (line: string): boolean => {
    if (fence !== "") {
      const mark = line.trim().replace(/^[>\s]+/, "");
      if (mark.length >= fence.length && mark === fence[0]!.repeat(mark.length)) fence = "";
      isBlank = false;
      return false;
    }
    const wasBlank = isBlank;
    isBlank = line.trim() === "";
    fence = FENCE.exec(line)?.[1] ?? "";
    return wasBlank && !isBlank && !CONTINUES.test(line);
  };

  return {
    push(piece) {
      rest += piece;
      const ended: string[] = [];
      let start = 0;
      for (;;) {
        const end = rest.indexOf("\n", seen);
        if (end === -1) break;
        if (endsBefore(rest.slice(seen, end)) && seen > start) {
          ended.push(rest.slice(start, seen));
          start = seen;
        }
        seen = end + 1;
      }
      rest = rest.slice(start);
      seen -= start;
      return ended;
    },
    get rest() {
      return rest;
    },
  };
}
