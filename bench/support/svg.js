/** @typedef {{ text: string, color: string | undefined, bold: boolean, dim: boolean, italic: boolean, cells: number }} Run */

const CELL = 8.4;
const ROW = 18;
const PAD = 16;
const BACK = "#16181d";
const TEXT = "#d7dae0";
const PALETTE = [
  "#3b4048",
  "#e06c75",
  "#98c379",
  "#e5c07b",
  "#61afef",
  "#c678dd",
  "#56b6c2",
  "#d7dae0",
  "#7f848e",
  "#ef7a83",
  "#a9d389",
  "#f0cd8c",
  "#74bcf7",
  "#d38ce8",
  "#67c5d1",
  "#ffffff",
];

const escaped = (/** @type {string} */ text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** @param {import("@xterm/headless").IBufferCell} cell */
function colorOf(cell) {
  if (cell.isFgDefault()) return undefined;
  const value = cell.getFgColor();
  if (cell.isFgRGB()) return `#${value.toString(16).padStart(6, "0")}`;
  if (value < 16) return PALETTE[value];
  if (value >= 232) return `#${(8 + (value - 232) * 10).toString(16).padStart(2, "0").repeat(3)}`;
  const level = (/** @type {number} */ step) =>
    (step === 0 ? 0 : 55 + step * 40).toString(16).padStart(2, "0");
  const cube = value - 16;
  return `#${level(Math.floor(cube / 36))}${level(Math.floor(cube / 6) % 6)}${level(cube % 6)}`;
}

/**
 * The cells of one row, grouped into runs with the same style.
 * @param {import("@xterm/headless").IBufferLine} line
 * @param {number} columns
 */
function runsOf(line, columns) {
  /** @type {Run[]} */
  const runs = [];
  for (let x = 0; x < columns; x++) {
    const cell = line.getCell(x);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const look = {
      color: colorOf(cell),
      bold: cell.isBold() !== 0,
      dim: cell.isDim() !== 0,
      italic: cell.isItalic() !== 0,
    };
    const last = runs.at(-1);
    const isSame =
      last !== undefined &&
      Object.entries(look).every(([name, value]) => last[/** @type {keyof typeof look} */ (name)] === value);
    const text = cell.getChars() || " ";
    if (isSame) Object.assign(last, { text: last.text + text, cells: last.cells + cell.getWidth() });
    else runs.push({ ...look, text, cells: cell.getWidth() });
  }
  return runs;
}

/**
 * The rows of a terminal emulator's buffer as an SVG picture; trailing empty rows are left out. The cursor is drawn
 * where it stands.
 * @param {import("@xterm/headless").Terminal} term
 * @param {string} title
 */
export function pictureOf(term, title) {
  const { active } = term.buffer;
  const rows = [];
  for (let y = 0; y < active.length; y++) {
    const line = active.getLine(y);
    if (line) rows.push(line);
  }
  while (rows.at(-1)?.translateToString(true) === "") rows.pop();
  const width = Math.ceil(term.cols * CELL + PAD * 2);
  const height = rows.length * ROW + PAD * 2;
  const texts = rows.flatMap((line, y) => {
    let x = 0;
    return runsOf(line, term.cols).flatMap((run) => {
      // Spaces at the ends are left out, because not every renderer counts them in textLength.
      const text = run.text.trim();
      const before = run.text.length - run.text.trimStart().length;
      const at = PAD + (x + before) * CELL;
      const cells = run.cells - (run.text.length - text.length);
      x += run.cells;
      if (text === "") return [];
      const attributes = [
        `x="${at.toFixed(1)}" y="${PAD + y * ROW + 13}" textLength="${(cells * CELL).toFixed(1)}"`,
        run.color === undefined ? "" : ` fill="${run.color}"`,
        run.bold ? ' font-weight="bold"' : "",
        run.italic ? ' font-style="italic"' : "",
        run.dim ? ' opacity="0.6"' : "",
      ];
      return [`<text ${attributes.join("")}>${escaped(text)}</text>`];
    });
  });
  const cursorX = PAD + active.cursorX * CELL;
  const cursorY = PAD + (active.baseY + active.cursorY) * ROW;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${escaped(title)}</title>
<rect width="100%" height="100%" rx="8" fill="${BACK}"/>
<rect x="${cursorX.toFixed(1)}" y="${cursorY}" width="${CELL}" height="${ROW - 2}" fill="${TEXT}" opacity="0.5"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="${TEXT}" xml:space="preserve">
${texts.join("\n")}
</g>
</svg>
`;
}
