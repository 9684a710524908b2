// One operation of the OpenAPI document: what it takes, what it replies, and lines to try it.
import { curlOf } from "./curl.js";
import { code, example, html, joined, markdown, markdownLine, table } from "./html.js";
import { fieldsTable, nameOf, schemaLink, typeCell } from "./schema.js";

/**
 * @typedef {import("./html.js").Part} Part
 * @typedef {Record<string, any>} Node
 * @typedef {{ name: string, label: string, value: unknown }} Example
 * @typedef {(node: Node) => Node} Resolve What a `$ref` leads to.
 * @typedef {{ method: string, path: string, operation: Node, resolve: Resolve }} Place
 */

/**
 * The values of `example` and `examples`, with their names.
 * @param {Node} content
 * @param {Resolve} resolve
 * @returns {Example[]}
 */
export function examplesOf({ example, examples = {} }, resolve) {
  if (example !== undefined) return [{ name: "", label: "", value: example }];
  return Object.entries(examples).map(([name, given]) => {
    const { summary, value } = resolve(given);
    return { name, label: summary ?? name, value };
  });
}

/**
 * @param {Part} title
 * @param {Part[]} parts
 */
const titled = (title, parts) =>
  parts.some((part) => part !== undefined)
    ? html`<h4>${title}</h4>
        ${parts}`
    : undefined;

/** @param {Example[]} examples */
const shownExamples = (examples) =>
  examples.map(
    ({ label, value }) =>
      html`<p class="of">Example${label && `: ${label}`}</p>
        ${example(value)}`,
  );

/** @param {Node} operation */
function authentication({ security = [] }) {
  const names = security.flatMap((/** @type {Node} */ one) => Object.keys(one));
  if (names.length === 0) return html`<p>No token is needed.</p>`;
  const links = names.map((/** @type {string} */ name) => html`<a href="#auth-${name}">${name}</a>`);
  return html`<p>Authorization: ${joined(links, " or ")}</p>`;
}

/** @param {Place} place */
function parameters({ operation, resolve }) {
  const rows = (operation.parameters ?? []).map(resolve).map((/** @type {Node} */ parameter) => {
    const { name, in: where, required, schema, description, example } = parameter;
    const note = required ? "required" : undefined;
    const sample = example === undefined ? undefined : html` Example: ${code(String(example))}`;
    return [
      html`${code(name)}<br /><small>${joined([where, note].filter(Boolean), ", ")}</small>`,
      typeCell(schema),
      html`${markdownLine(description)}${sample}`,
    ];
  });
  return titled("Parameters", [table(`Parameters: ${operation.summary}`, ["name", "type", "meaning"], rows)]);
}

/**
 * The fields of what a body has, or the name of its schema.
 * @param {Node} content
 * @param {boolean} isReply
 * @param {Place} place
 */
function body({ schema }, isReply, { operation, resolve }) {
  const own =
    schema.$ref === undefined ? undefined : html`<p class="of">${schemaLink(nameOf(schema.$ref))}</p> `;
  return html`${own}${fieldsTable(`${isReply ? "Reply" : "Body"}: ${operation.summary}`, resolve(schema), isReply)}`;
}

/** @param {Place} place */
function request(place) {
  const { requestBody } = place.operation;
  if (!requestBody) return undefined;
  const parts = Object.values(requestBody.content).map((content) => body(content, false, place));
  return titled("Body", [markdown(requestBody.description), ...parts]);
}

/** @param {Place} place */
function lines({ method, path, operation, resolve }) {
  const given = (operation.parameters ?? []).map(resolve);
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, /** @type {string} */ name) => {
    const { example, schema = {} } = given.find((/** @type {Node} */ one) => one.name === name) ?? {};
    return String(example ?? schema.example ?? name.toUpperCase());
  });
  const content = operation.requestBody?.content["application/json"];
  const bodies = content ? examplesOf(content, resolve) : [{ label: "", value: undefined }];
  const hasEvents = operation.responses["200"]?.content?.["text/event-stream"] !== undefined;
  const withToken = (operation.security ?? []).length > 0;
  const curl = (/** @type {unknown} */ body, streams = false) =>
    curlOf({ method, path: filled, withToken, body, streams });
  const all = bodies.map(({ label, value }) => [label, curl(value)]);
  // OpenAI's API has a field for that.
  if (hasEvents && path.startsWith("/api/")) all.push(["as events", curl(bodies[0]?.value, true)]);
  return titled(
    "Try it",
    all.map(
      ([name, line]) =>
        html`${name && html`<p class="of">${name}</p> `}
          <pre class="sh"><code>${line}</code></pre> `,
    ),
  );
}

/**
 * @param {string} label
 * @param {Node} headers
 * @param {Resolve} resolve
 */
function headersTable(label, headers, resolve) {
  const rows = Object.entries(headers).map(([name, given]) => {
    const { schema, description } = resolve(given);
    return [code(name), typeCell(schema), markdownLine(description)];
  });
  return table(label, ["header", "type", "meaning"], rows);
}

/**
 * The events of a stream, as its schema names them.
 * @param {Node} schema
 * @param {string} summary
 */
function events({ contentSchema }, summary) {
  const kinds = /** @type {Node[] | undefined} */ (contentSchema?.items?.oneOf);
  const rows = (kinds ?? []).flatMap(({ properties = {} }) => {
    const { event, data } = properties;
    const ref = data?.contentSchema?.$ref;
    return event?.const === undefined || ref === undefined
      ? []
      : [[code(event.const), schemaLink(nameOf(ref))]];
  });
  return table(`Events: ${summary}`, ["event", "data"], rows);
}

/**
 * @param {string} status
 * @param {Node} reply
 * @param {Place} place
 */
function success(status, { description, headers = {}, content = {} }, place) {
  const bodies = Object.entries(content).map(
    ([type, /** @type {Node} */ given]) =>
      html`<p class="of">${code(type)}</p>
        ${type === "text/event-stream" ? events(given.schema, place.operation.summary) : body(given, true, place)}
        ${shownExamples(examplesOf(given, place.resolve))}`,
  );
  return titled(html`Reply: ${status}`, [
    markdown(description),
    ...bodies,
    headersTable(`Headers of ${status}: ${place.operation.summary}`, headers, place.resolve),
  ]);
}

/** @param {Place} place */
function errors({ operation, resolve }) {
  const failed = Object.entries(operation.responses).filter(([status]) => Number(status) >= 400);
  const rows = failed.map(([status, given]) => [
    html`<a href="#error-${status}">${status}</a>`,
    markdown(resolve(given).description),
  ]);
  if (rows.length === 0) return undefined;
  const statuses = failed.map(([status]) => status).join(", ");
  return html`<details>
    <summary>Errors: ${statuses}</summary>
    ${table(`Errors: ${operation.summary}`, ["status", "why"], rows)}
  </details>`;
}

/** @param {Place} place */
export function operationSection(place) {
  const { method, path, operation, resolve } = place;
  const { operationId, summary, description, externalDocs, responses, deprecated } = operation;
  const good = Object.entries(responses).filter(([status]) => Number(status) < 400);
  const more =
    externalDocs && html`<p><a href="${externalDocs.url}" rel="noopener noreferrer">More about this</a></p>`;
  return html`<section aria-labelledby="${operationId}">
    <h3 id="${operationId}"><a href="#${operationId}">${summary}</a></h3>
    <p class="line"><b>${method.toUpperCase()}</b> ${code(path)}${deprecated && " (deprecated)"}</p>
    ${markdown(description)} ${more} ${authentication(operation)} ${parameters(place)} ${request(place)}
    ${lines(place)} ${good.map(([status, given]) => success(status, resolve(given), place))} ${errors(place)}
  </section> `;
}
