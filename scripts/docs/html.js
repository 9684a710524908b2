// HTML as text. What is put into it is escaped, unless it is HTML already.
import { Marked } from "marked";

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** @param {string} text */
const escape = (text) =>
  text.replaceAll(/[&<>"]/g, (one) => ESCAPES[/** @type {keyof typeof ESCAPES} */ (one)]);

/**
 * @typedef {{ html: string }} Html
 * @typedef {Html | string | number | undefined | readonly Part[]} Part
 * @param {Part} part
 * @returns {string}
 */
function textOf(part) {
  if (part === undefined) return "";
  if (typeof part === "string" || typeof part === "number") return escape(String(part));
  return "html" in part ? part.html : part.map(textOf).join("");
}

/**
 * A template: ``html`<p>${text}</p>` ``. Its own indentation is left out.
 * @param {TemplateStringsArray} strings
 * @param {Part[]} parts
 * @returns {Html}
 */
export const html = (strings, ...parts) => ({
  html: String.raw({ raw: strings.map((text) => text.replaceAll(/\s+/g, " ")) }, ...parts.map(textOf)),
});

/**
 * @param {Part[]} parts
 * @param {string} separator
 * @returns {Part[]}
 */
export const joined = (parts, separator) =>
  parts.flatMap((part, at) => (at === 0 ? [part] : [separator, part]));

const marked = new Marked({
  renderer: {
    html: ({ text }) => escape(text),
    link({ href, tokens }) {
      return `<a href="${escape(href)}" rel="noopener noreferrer">${this.parser.parseInline(tokens)}</a>`;
    },
  },
});

/** @param {string | undefined} text */
export const markdown = (text = "") => ({ html: marked.parse(text, { async: false }) });

/** @param {string | undefined} text */
export const markdownLine = (text = "") => ({ html: marked.parseInline(text, { async: false }) });

/**
 * A table that scrolls where it is too wide, also by keyboard. Undefined without rows.
 * @param {string} label
 * @param {string[]} columns
 * @param {Part[][]} rows
 */
export const table = (label, columns, rows) =>
  rows.length === 0
    ? undefined
    : html`<div class="table" role="region" aria-label="${label}" tabindex="0">
        <table>
          <thead>
            <tr>
              ${columns.map((column) => html`<th scope="col">${column}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${rows.map(
              (row) =>
                html`<tr>
                  ${row.map((cell) => html`<td>${cell}</td>`)}
                </tr> `,
            )}
          </tbody>
        </table>
      </div>`;

/** @param {string} text */
export const code = (text) => html`<code>${text}</code>`;

/** @param {unknown} value */
export const example = (value) =>
  html`<pre><code>${typeof value === "string" ? value.trimEnd() : JSON.stringify(value, undefined, 2)}</code></pre>`;
