import { linesBack } from "./lines-back.ts";
import type { Handle } from "./open-file.ts";
import { decode } from "./decode.ts";
import type { SummaryRecord, TurnRecord } from "./record.ts";

/** What is looked for on the way back through a file. */
type Wanted =
  /** The turn behind which the conversation went on there. */
  | { is: "head" }
  | { is: "turn"; id: string }
  /** The parent of that turn. */
  | { is: "parent"; of: string };

/** What leads to a turn; undefined for a first one. */
function wantedAfter({ parent, replaces }: TurnRecord): Wanted | undefined {
  if (parent === null) return undefined;
  if (parent !== undefined) return { is: "turn", id: parent };
  return replaces === undefined ? { is: "head" } : { is: "parent", of: replaces };
}

/** A turn, and the latest summary of the turns up to it. */
export interface PathTurn extends TurnRecord {
  summary?: SummaryRecord;
}

interface PathOptions {
  /** The last turn of the path; by default the one behind which the conversation goes on. */
  from?: string;
  /** Called with the byte at which a broken line begins. A last line without its end is not told. */
  onBroken?: (byte: number) => void;
}

/**
 * The turns of the first `size` bytes that lead to one of them, newest first, each after its child. Reads only as far back
 * as the caller goes on. If a turn is missing (a broken line), the turn before its child in the file takes its place.
 */
export async function* pathBack(
  handle: Handle,
  size: number,
  { from, onBroken = () => {} }: PathOptions = {},
): AsyncGenerator<PathTurn, void, undefined> {
  const found = new Set<string>();
  /** By the turn that they end with: a summary stands after that in the file. */
  const summaries = new Map<string, SummaryRecord>();
  let wanted: Wanted | undefined = from === undefined ? { is: "head" } : { is: "turn", id: from };
  /** Where the last turn that was found begins, or the first of the versions before it. */
  let end = size;
  let heedsChoice = true;
  while (wanted !== undefined) {
    const [first, many]: [Wanted, number] = [wanted, found.size];
    for await (const { start, bytes, ended } of linesBack(handle, end)) {
      for (const decoded of decode(bytes).reverse()) {
        if (decoded.is === "broken" && ended) onBroken(start);
        if (decoded.is === "summary" && !summaries.has(decoded.turn)) summaries.set(decoded.turn, decoded);
        if (decoded.is === "chosen" && heedsChoice && wanted?.is === "head")
          wanted = { is: "turn", id: decoded.turn };
        if (decoded.is !== "turn" || wanted === undefined || found.has(decoded.id)) continue;
        if (wanted.is === "parent") {
          if (wanted.of !== decoded.id) continue;
          end = start;
          wanted = wantedAfter(decoded);
          continue;
        }
        if (wanted.is === "turn" && wanted.id !== decoded.id) continue;
        found.add(decoded.id);
        const summary = summaries.get(decoded.id);
        yield summary ? { ...decoded, summary } : decoded;
        end = start;
        wanted = wantedAfter(decoded);
      }
      if (wanted === undefined) return;
    }
    // The beginning of the file was reached without it.
    if (found.size > many) heedsChoice = true;
    else if (first.is !== "head" || wanted === first) return;
    else heedsChoice = false;
    wanted = { is: "head" };
  }
}
