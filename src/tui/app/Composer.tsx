import { useCursor } from "ink";
import type { EditorLayout } from "../composer/layout.ts";
import { paint, styles, type Display } from "../markdown/display.ts";
import { Lines } from "./Lines.tsx";

interface ComposerProps {
  layout: EditorLayout;
  display: Display;
  /** The number of rows of the live area above it. */
  top: number;
  isEmpty: boolean;
}

/** The input for questions. It holds the terminal's own cursor, for input methods and screen readers. */
export function Composer({ layout, display, top, isEmpty }: ComposerProps) {
  const { setCursorPosition } = useCursor();
  setCursorPosition({ x: layout.cursor.x + 2, y: top + layout.cursor.y });
  const lines = layout.rows.map((row, i) => {
    const mark = i === 0 ? (layout.above > 0 ? "^ " : "> ") : "  ";
    return paint(mark, styles.accent, display) + row.text;
  });
  if (isEmpty)
    return (
      <Lines
        lines={[`${lines[0]}${paint("Ask, or type / for commands", styles.dim, display)}`]}
        display={display}
      />
    );
  return <Lines lines={lines} display={display} />;
}
