import { Text } from "ink";

/** Painted lines, one a row; what is too long is cut, so that a row stays a row. */
export function Lines({ lines }: { lines: readonly string[] }) {
  return lines.map((line, i) => (
    // Ink gives an empty text no row.
    <Text key={i} wrap="truncate">
      {line === "" ? " " : line}
    </Text>
  ));
}
