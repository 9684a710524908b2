import { glyphs, paint, styles, type Look } from "../markdown/look.ts";
import type { State } from "../session/state.ts";
import { statusLine } from "../session/status-line.ts";
import { Lines } from "./Lines.tsx";

/** The last row: who, where, how many tokens and questions, which model. */
export function StatusLine({ state, server, look }: { state: State; server: string; look: Look }) {
  const line = statusLine({ ...state, server }, look.columns, glyphs(look).dot);
  return <Lines lines={[paint(line, styles.dim, look)]} look={look} />;
}
