import { Text } from "ink";
import { hardWrap } from "../markdown/hard-wrap.ts";
import type { Display } from "../markdown/look.ts";

/** Painted lines, one a row; what is too long is cut here, since Ink would mark it with a character beyond ASCII. */
export function Lines({ lines, display }: { lines: readonly string[]; display: Display }) {
  return lines.map((line, i) => (
    // Ink gives an empty text no row.
    <Text key={i} wrap="truncate">
      {line === "" ? " " : (hardWrap(line, display.columns - 1)[0] ?? "")}
    </Text>
  ));
}
