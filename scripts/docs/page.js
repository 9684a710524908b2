// The page /docs of a server (docs/browser.md#api-page): the OpenAPI document as one page of HTML, without a script.
import { code, example, html, markdown, table } from "./html.js";
import { examplesOf, operationSection } from "./operation.js";
import { fieldsTable, typeCell } from "./schema.js";

/**
 * @typedef {Record<string, any>} Node
 * @typedef {import("./operation.js").Place} Place
 * @typedef {import("./html.js").Html} Html
 */

const VARIABLES = "SERVER=http://127.0.0.1:8000\nTOKEN=...";

const METHODS = new Set(["get", "put", "post", "delete", "options", "head", "patch"]);

/**
 * @param {Node} document
 * @returns {import("./operation.js").Resolve}
 */
const resolver = (document) => (node) => {
  if (typeof node.$ref !== "string") return node;
  const steps = node.$ref.replace("#/", "").split("/");
  return steps.reduce(
    (/** @type {Node} */ at, step) => at[step.replaceAll("~1", "/").replaceAll("~0", "~")],
    document,
  );
};

/**
 * @param {Node} document
 * @returns {Place[]}
 */
function placesOf(document) {
  const resolve = resolver(document);
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method]) => METHODS.has(method))
      .map(([method, operation]) => ({ method, path, operation, resolve })),
  );
}

/**
 * Tags with their operations.
 * @param {Node} document
 */
function groupsOf(document) {
  const places = placesOf(document);
  return document.tags.map((/** @type {Node} */ tag) => ({
    tag,
    id: `tag-${tag.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`,
    places: places.filter(({ operation }) => operation.tags.includes(tag.name)),
  }));
}

/** @param {ReturnType<typeof groupsOf>} groups */
const contents = (groups) =>
  html`<nav aria-labelledby="contents">
    <h2 id="contents">Contents</h2>
    ${groups.map(
      (/** @type {any} */ { tag, id, places }) =>
        html`<h3><a href="#${id}">${tag.name}</a></h3>
          <ul>
            ${places.map(
              (/** @type {Place} */ { method, path, operation }) =>
                html`<li>
                  <a href="#${operation.operationId}">${operation.summary}</a>
                  <small>${method.toUpperCase()} ${path}</small>
                </li> `,
            )}
          </ul> `,
    )}
    <h3><a href="#errors">Errors</a></h3>
    <h3><a href="#schemas">Schemas</a></h3>
  </nav>`;

/** @param {Node} schemes */
const authentication = (schemes) =>
  html`<h2 id="authentication">Authentication</h2>
    ${table(
      "Authentication",
      ["name", "header", "what"],
      Object.entries(schemes).map(([name, { type, scheme, name: header, description }]) => [
        html`<span id="auth-${name}">${name}</span>`,
        type === "http" ? `Authorization: ${scheme === "bearer" ? "Bearer" : scheme} …` : header,
        markdown(description),
      ]),
    )}
    <p>
      The lines on this page expect the server's address and a token or an API key in two variables of the
      shell:
    </p>
    <pre class="sh"><code>${VARIABLES}</code></pre>`;

/**
 * Each status once, with all its examples.
 * @param {Node} document
 */
function errors(document) {
  const resolve = resolver(document);
  /** @type {Map<string, Map<string, Html>>} */
  const statuses = new Map();
  const replies = placesOf(document).flatMap(({ operation }) => Object.entries(operation.responses));
  for (const [status, reply] of replies) {
    if (Number(status) < 400) continue;
    const shown = statuses.get(status) ?? new Map();
    statuses.set(status, shown);
    for (const [type, content] of Object.entries(resolve(reply).content ?? {}))
      for (const { name, value } of examplesOf(content, resolve))
        shown.set(
          `${type} ${name}`,
          html`<p class="of">${code(name)} as ${code(type)}</p>
            ${example(value)}`,
        );
  }
  const sorted = [...statuses].sort(([one], [other]) => Number(one) - Number(other));
  return html`<h2 id="errors"><a href="#errors">Errors</a></h2>
    ${sorted.map(
      ([status, shown]) =>
        html`<section aria-labelledby="error-${status}">
          <h3 id="error-${status}"><a href="#error-${status}">${status}</a></h3>
          ${[...shown.values()]}
        </section> `,
    )}`;
}

/** @param {Node} schemas */
const schemaSections = (schemas) =>
  html`<h2 id="schemas"><a href="#schemas">Schemas</a></h2>
    ${Object.entries(schemas).map(
      ([name, schema]) =>
        html`<section aria-labelledby="schema-${name}">
          <h3 id="schema-${name}"><a href="#schema-${name}">${name}</a></h3>
          ${markdown(schema.description)}
          ${fieldsTable(`Fields of ${name}`, schema, !name.endsWith("Body")) ?? html`<p>${typeCell(schema)}</p>`}
        </section> `,
    )}`;

/**
 * @param {Node} document
 * @returns {string}
 */
export function docsPage(document) {
  const { info, components } = document;
  const groups = groupsOf(document);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>The API of ${info.title} ${info.version}</title>
        <link rel="stylesheet" href="docs.css" />
      </head>
      <body>
        <header>
          <h1>The API of ${info.title} <small>${info.version}</small></h1>
          <p>For programs, the same as <a href="openapi.json">OpenAPI ${document.openapi}</a>.</p>
        </header>
        ${contents(groups)}
        <main>
          <h2 id="about">About this API</h2>
          ${markdown(info.description)} ${authentication(components.securitySchemes)}
          ${groups.map(
            (/** @type {any} */ { tag, id, places }) =>
              html`<h2 id="${id}"><a href="#${id}">${tag.name}</a></h2>
                ${markdown(tag.description)} ${places.map(operationSection)}`,
          )}
          ${errors(document)} ${schemaSections(components.schemas)}
        </main>
      </body>
    </html> `;
  return page.html;
}
