import { width } from "./width.ts";

/** Breaks a painted line (SGR only) at `cells`; for the live area alone, where nothing is copied from. */
export function hardWrap(line: string, cells: number): string[] {
  if (width(strip(line)) <= cells) return [line];
  const lines: string[] = [];
  let current = "";
  let used = 0;
  let style = "";
  for (const [piece] of line.matchAll(/\x1b\[[\d;]*m|[\s\S]/gu)) {
    if (piece.startsWith("\x1b")) {
      style = piece === "\x1b[0m" ? "" : piece;
      current += piece;
      continue;
    }
    const taken = width(piece);
    if (used + taken > cells) {
      lines.push(style === "" ? current : `${current}\x1b[0m`);
      current = style;
      used = 0;
    }
    current += piece;
    used += taken;
  }
  return [...lines, current];
}

function strip(line: string): string {
  return line.replaceAll(/\x1b\[[\d;]*m/g, "");
}
