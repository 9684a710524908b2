import { Text } from "ink";
import { hardWrap } from "../markdown/hard-wrap.ts";
import type { Look } from "../markdown/look.ts";

/** Painted lines, one a row; what is too long is cut here, since Ink would mark it with a character beyond ASCII. */
export function Lines({ lines, look }: { lines: readonly string[]; look: Look }) {
  return lines.map((line, i) => (
    // Ink gives an empty text no row.
    <Text key={i} wrap="truncate">
      {line === "" ? " " : (hardWrap(line, look.columns - 1)[0] ?? "")}
    </Text>
  ));
}
