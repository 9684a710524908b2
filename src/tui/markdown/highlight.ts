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
  ["keyword", styles.keyword],
  ["operator", styles.plain],
  ["built_in", styles.type],
  ["type", styles.type],
  ["title", styles.type],
  ["class", styles.type],
  ["literal", styles.literal],
  ["number", styles.literal],
  ["symbol", styles.literal],
  ["string", styles.string],
  ["regexp", styles.string],
  ["char", styles.string],
  ["comment", styles.dim],
  ["quote", styles.dim],
  ["doctag", styles.dim],
  ["meta", styles.dim],
  ["attr", styles.type],
  ["attribute", styles.type],
  ["property", styles.type],
  ["name", styles.keyword],
  ["tag", styles.plain],
  ["selector-tag", styles.keyword],
  ["selector-class", styles.type],
  ["selector-id", styles.type],
  ["variable", styles.literal],
  ["section", styles.bold],
  ["bullet", styles.keyword],
  ["strong", styles.bold],
  ["emphasis", styles.italic],
  ["addition", styles.good],
  ["deletion", styles.error],
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
