import type { createLowlight } from "lowlight";
import { styles, type Style } from "./display.ts";

type Lowlight = ReturnType<typeof createLowlight>;
type Tree = ReturnType<Lowlight["highlight"]>;
type TreeNode = Tree["children"][number];

/** A loaded highlighter with a language that it knows. */
export interface Highlighter {
  lowlight: Lowlight;
  language: string;
}

/** Code in one style; `depth` 0 is outside of all constructs of the language. */
export interface CodePiece {
  text: string;
  style: Style;
  depth: number;
}

const LONGEST_LINE = 2_000;

const SCOPES: ReadonlyMap<string, Style> = new Map([
  ["keyword", styles.magenta],
  ["operator", styles.plain],
  ["built_in", styles.cyan],
  ["type", styles.cyan],
  ["title", styles.cyan],
  ["class", styles.cyan],
  ["literal", styles.yellow],
  ["number", styles.yellow],
  ["symbol", styles.yellow],
  ["string", styles.green],
  ["regexp", styles.green],
  ["char", styles.green],
  ["comment", styles.gray],
  ["quote", styles.gray],
  ["doctag", styles.gray],
  ["meta", styles.gray],
  ["attr", styles.cyan],
  ["attribute", styles.cyan],
  ["property", styles.cyan],
  ["name", styles.magenta],
  ["tag", styles.plain],
  ["selector-tag", styles.magenta],
  ["selector-class", styles.cyan],
  ["selector-id", styles.cyan],
  ["variable", styles.yellow],
  ["section", styles.bold],
  ["bullet", styles.magenta],
  ["strong", styles.bold],
  ["emphasis", styles.italic],
  ["addition", styles.green],
  ["deletion", styles.red],
]);

let loaded: Lowlight | undefined;
let loading: Promise<void> | undefined;

/** Loads the highlighter, once. Until it is loaded, code is printed without colours. */
export function loadHighlighter(): Promise<void> {
  loading ??= import("./lowlight.ts").then(({ common, createLowlight }) => {
    loaded = createLowlight(common);
  });
  return loading;
}

/** The highlighter for `language`; undefined if it is not loaded or does not know the language. */
export function loadedHighlighter(language: string): Highlighter | undefined {
  return language !== "" && loaded?.registered(language) === true
    ? { lowlight: loaded, language }
    : undefined;
}

/** `code` as styled pieces in order; without colours if it is too long to be highlighted in time. */
export function highlightTree({ lowlight, language }: Highlighter, code: string): CodePiece[] {
  if (code.length > LONGEST_LINE * 2) return [{ text: code, style: styles.plain, depth: 0 }];
  const pieces: CodePiece[] = [];
  walk(lowlight.highlight(language, code).children, styles.plain, 0, pieces);
  return pieces;
}

function walk(nodes: readonly TreeNode[], style: Style, depth: number, pieces: CodePiece[]): void {
  for (const node of nodes) {
    if (node.type === "text") pieces.push({ text: node.value, style, depth });
    else if (node.type === "element")
      walk(node.children, scopeStyle(node.properties["className"], style), depth + 1, pieces);
  }
}

function scopeStyle(names: unknown, outer: Style): Style {
  if (!Array.isArray(names)) return outer;
  for (const name of names) {
    const style = SCOPES.get(String(name).replace(/^hljs-/, ""));
    if (style !== undefined) return style;
  }
  return outer;
}
