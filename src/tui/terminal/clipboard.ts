const MOST_BYTES = 100_000;
/** GNU screen truncates longer DCS strings. */
const SCREEN_CHUNK = 240;

/**
 * The sequence that puts text on the clipboard of the terminal's machine, also over ssh (OSC 52). tmux gets it twice:
 * plain, which works with `set-clipboard on`, and wrapped for the outer terminal, which works with `allow-passthrough on`.
 * For GNU screen it is wrapped in pieces. Undefined for text over 100 KB, which terminals drop.
 */
export function osc52(text: string, { tmux = false, screen = false } = {}): string | undefined {
  const bytes = Buffer.from(text);
  if (bytes.length > MOST_BYTES) return undefined;
  const sequence = `\u001b]52;c;${bytes.toString("base64")}\u0007`;
  if (tmux) return `${sequence}\u001bPtmux;${sequence.replaceAll("\u001b", "\u001b\u001b")}\u001b\\`;
  if (!screen) return sequence;
  return chunksOf(sequence, SCREEN_CHUNK)
    .map((chunk) => `\u001bP${chunk}\u001b\\`)
    .join("");
}

function chunksOf(text: string, size: number): string[] {
  return Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
    text.slice(index * size, (index + 1) * size),
  );
}
