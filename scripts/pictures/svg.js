/**
 * The rows of a terminal emulator as an SVG picture.
 * @typedef {{ text: string, cells: number, color: string, back: string | undefined, bold: boolean, dim: boolean, italic: boolean, underline: boolean, strike: boolean }} Run
 */

const CELL = 8.4;
const ROW = 18;
const PAD = 16;

const escaped = (/** @type {string} */ text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Several spaces in a row would become one. */
const spaced = (/** @type {string} */ text) =>
  text.replaceAll(/ {2,}/g, (spaces) => "\u00a0".repeat(spaces.length));

const hex = (/** @type {number} */ value, /** @type {number} */ digits) =>
  value.toString(16).padStart(digits, "0");

/**
 * A colour of the 256, or of 16 million.
 * @param {number} value
 * @param {boolean} isRgb
 * @param {readonly string[]} palette
 */
function colorOf(value, isRgb, palette) {
  if (isRgb) return `#${hex(value, 6)}`;
  if (value < 16) return palette[value] ?? "";
  if (value >= 232) return `#${hex(8 + (value - 232) * 10, 2).repeat(3)}`;
  const level = (/** @type {number} */ step) => hex(step === 0 ? 0 : 55 + step * 40, 2);
  const cube = value - 16;
  return `#${level(Math.floor(cube / 36))}${level(Math.floor(cube / 6) % 6)}${level(cube % 6)}`;
}

/**
 * @param {import("@xterm/headless").IBufferCell} cell
 * @param {import("./backgrounds.js").Background} background
 */
function lookOf(cell, { text, back, palette }) {
  const front = cell.isFgDefault() ? text : colorOf(cell.getFgColor(), cell.isFgRGB(), palette);
  const behind = cell.isBgDefault() ? undefined : colorOf(cell.getBgColor(), cell.isBgRGB(), palette);
  const isInverse = cell.isInverse() !== 0;
  return {
    color: isInverse ? (behind ?? back) : front,
    back: isInverse ? front : behind,
    bold: cell.isBold() !== 0,
    dim: cell.isDim() !== 0,
    italic: cell.isItalic() !== 0,
    underline: cell.isUnderline() !== 0,
    strike: cell.isStrikethrough() !== 0,
  };
}

/**
 * The cells of one row, grouped into runs with the same style.
 * @param {import("@xterm/headless").IBufferLine} line
 * @param {number} columns
 * @param {import("./backgrounds.js").Background} background
 */
function runsOf(line, columns, background) {
  /** @type {Run[]} */
  const runs = [];
  for (let x = 0; x < columns; x++) {
    const cell = line.getCell(x);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const look = lookOf(cell, background);
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
 * One run as SVG, from cell `x` of row `y` on.
 * @param {Run} run
 * @param {number} x
 * @param {number} y
 * @param {string} usual the colour of the group
 */
function drawn(run, x, y, usual) {
  const top = PAD + y * ROW;
  const behind =
    run.back === undefined
      ? []
      : [
          `<rect x="${(PAD + x * CELL).toFixed(1)}" y="${top}" width="${(run.cells * CELL).toFixed(1)}" height="${ROW}" fill="${run.back}"/>`,
        ];
  // Spaces at the ends are left out, because not every renderer counts them in textLength.
  const text = run.text.trim();
  if (text === "") return behind;
  const before = run.text.length - run.text.trimStart().length;
  const cells = run.cells - (run.text.length - text.length);
  const lines = [...(run.underline ? ["underline"] : []), ...(run.strike ? ["line-through"] : [])];
  const attributes = [
    `x="${(PAD + (x + before) * CELL).toFixed(1)}" y="${top + 13}" textLength="${(cells * CELL).toFixed(1)}"`,
    run.color === usual ? "" : ` fill="${run.color}"`,
    run.bold ? ' font-weight="bold"' : "",
    run.italic ? ' font-style="italic"' : "",
    run.dim ? ' opacity="0.6"' : "",
    lines.length === 0 ? "" : ` text-decoration="${lines.join(" ")}"`,
  ];
  return [...behind, `<text ${attributes.join("")}>${escaped(spaced(text))}</text>`];
}

/**
 * The rows of a terminal emulator's buffer as an SVG picture; trailing empty rows are left out. The cursor is drawn
 * where it stands.
 * @param {import("@xterm/headless").Terminal} term
 * @param {string} title
 * @param {import("./backgrounds.js").Background} background
 */
export function pictureOf(term, title, background) {
  const { active } = term.buffer;
  const rows = [];
  for (let y = 0; y < active.length; y++) {
    const line = active.getLine(y);
    if (line) rows.push(line);
  }
  while (rows.at(-1)?.translateToString(true) === "") rows.pop();
  const width = Math.ceil(term.cols * CELL + PAD * 2);
  const height = rows.length * ROW + PAD * 2;
  const { back, text } = background;
  const runs = rows.flatMap((line, y) => {
    let x = 0;
    return runsOf(line, term.cols, background).flatMap((run) => {
      const at = x;
      x += run.cells;
      return drawn(run, at, y, text);
    });
  });
  const cursorX = PAD + active.cursorX * CELL;
  const cursorY = PAD + (active.baseY + active.cursorY) * ROW;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${escaped(title)}</title>
<rect width="100%" height="100%" rx="8" fill="${back}"/>
<rect x="${cursorX.toFixed(1)}" y="${cursorY}" width="${CELL}" height="${ROW - 2}" fill="${text}" opacity="0.5"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="${text}">
${runs.join("\n")}
</g>
</svg>
`;
}
