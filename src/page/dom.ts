import type { Part } from "./markdown/parts.ts";

/** The one element with this id, which index.html has. */
export function byId<T extends Element>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new TypeError(`index.html has no such element: ${id}`);
  return found;
}

/** A new element with these attributes, and with nodes or text in it. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Partial<Record<string, string>>> = {},
  ...content: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value ?? "");
  made.append(...content);
  return made;
}

/** Blocks whose direction follows their own text: an answer can mix languages. */
const ofOwnDirection = new Set(["p", "ul", "ol", "td", "th", "h3", "h4", "h5", "h6", "blockquote"]);

/** The DOM of a part of an answer. */
export function nodeOf(part: Part): Node {
  if (typeof part === "string") return document.createTextNode(part);
  if ("code" in part) return codeBlock(part);
  const { tag, attributes, parts } = part;
  const made = make(tag, attributes, ...parts.map(nodeOf));
  if (ofOwnDirection.has(tag)) made.dir = "auto";
  return tag === "table" ? sideways("Table", made) : made;
}

/** What scrolls sideways by itself, also by keyboard, so that the page does not. */
const sideways = (label: string, content: Node) =>
  make("div", { class: "sideways", role: "group", "aria-label": label, tabindex: "0" }, content);

function codeBlock({ code, language }: { code: string; language: string }): Node {
  const copy = make("button", { type: "button" }, "Copy code");
  const text = make("code", { dir: "ltr" }, code);
  copy.addEventListener("click", () => {
    void copyText(text).then((isCopied) => {
      copy.textContent = isCopied ? "Copied" : "Press Ctrl-C";
    });
  });
  return make(
    "div",
    { class: "code" },
    make("p", {}, make("span", {}, language), copy),
    make("pre", { tabindex: "0" }, text),
  );
}

/** Replaces the text of a block of code that is still being written; how far it is scrolled stays. */
export function rewriteCode(block: Node, code: string): void {
  if (!(block instanceof Element)) return;
  const text = block.querySelector("pre > code");
  if (text) text.textContent = code;
}

/** Copies the text of an element. False if it could only be selected: without TLS a browser may refuse more. */
async function copyText(shown: Element): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(shown.textContent);
    return true;
  } catch {
    getSelection()?.selectAllChildren(shown);
    return document.execCommand("copy");
  }
}
