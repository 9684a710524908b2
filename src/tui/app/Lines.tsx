import { Text } from "ink";
import { hardWrap } from "../markdown/hard-wrap.ts";
import type { Display } from "../markdown/display.ts";

/** Painted lines, one per row. They are truncated here, because Ink would add an ellipsis that is not ASCII. */
export function Lines({ lines, display }: { lines: readonly string[]; display: Display }) {
  return lines.map((line, i) => (
    // Ink draws no row for an empty text.
    <Text key={i} wrap="truncate">
      {line === "" ? " " : (hardWrap(line, display.columns - 1)[0] ?? "")}
    </Text>
  ));
}
