// JSON Schemas of the OpenAPI document as words and tables.
import { code, html, joined, markdownLine, table } from "./html.js";

/**
 * @typedef {import("./html.js").Part} Part
 * @typedef {Record<string, any>} Schema
 */

/** @param {string} ref */
export const nameOf = (ref) => ref.replace(/.*\//, "");

/** @param {string} name */
export const schemaLink = (name) => html`<a href="#schema-${name}">${name}</a>`;

/** @param {Schema} schema */
const alternatives = ({ anyOf, oneOf }) => /** @type {Schema[] | undefined} */ (anyOf ?? oneOf);

/**
 * @param {Schema} schema
 * @returns {Part}
 */
function typeOf(schema) {
  const { $ref, const: only, enum: choices, type, items, format, contentEncoding } = schema;
  if ($ref) return schemaLink(nameOf($ref));
  if (only !== undefined) return code(JSON.stringify(only));
  if (choices)
    return joined(
      choices.map((/** @type {unknown} */ choice) => code(JSON.stringify(choice))),
      ", ",
    );
  const several = alternatives(schema);
  if (several) return joined(several.map(typeOf), " or ");
  if (Array.isArray(type)) return type.join(" or ");
  if (type === "array") return ["array of ", typeOf(items ?? {})];
  return format ?? (contentEncoding && `${type}, ${contentEncoding}`) ?? type ?? "any";
}

/**
 * @param {string} what In the singular.
 * @param {number | undefined} least
 * @param {number | undefined} most
 */
function range(what, least, most) {
  const counted = (/** @type {number} */ number) =>
    `${number.toLocaleString("en")}${what && ` ${what}${number === 1 ? "" : "s"}`}`;
  if (least !== undefined && most !== undefined) return `${least.toLocaleString("en")}–${counted(most)}`;
  if (most !== undefined) return `at most ${counted(most)}`;
  return least !== undefined && least > 0 ? `at least ${counted(least)}` : undefined;
}

/**
 * @param {Schema} schema
 * @returns {Part}
 */
function limitsOf(schema) {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, pattern, default: usual } = schema;
  const limits = [
    range("", minimum, maximum),
    range("character", minLength, maxLength),
    range("item", minItems, maxItems),
    // That one only says that it is not blank.
    pattern !== undefined && pattern !== "\\S" ? code(pattern) : undefined,
    usual === undefined ? undefined : [`default `, code(JSON.stringify(usual))],
  ].filter((limit) => limit !== undefined);
  return limits.length === 0 ? undefined : html`<br /><small>${joined(limits, ", ")}</small>`;
}

/** @param {Schema} schema */
export const typeCell = (schema) => html`${typeOf(schema)}${limitsOf(schema)}`;

/**
 * The schema of an object with fields in this one, and what its name ends with.
 * @param {Schema} schema
 * @returns {{ schema: Schema, suffix: string } | undefined}
 */
function inside(schema) {
  if (schema.properties) return { schema, suffix: "" };
  if (schema.type === "array" && schema.items) {
    const found = inside(schema.items);
    return found && { ...found, suffix: `[]${found.suffix}` };
  }
  return alternatives(schema)
    ?.map(inside)
    .find((found) => found !== undefined);
}

/**
 * @param {Schema} schema
 * @param {{ prefix: string, isReply: boolean }} how
 * @returns {Part[][]}
 */
function rowsOf({ properties = {}, required = [] }, { prefix, isReply }) {
  return Object.entries(properties).flatMap(([name, /** @type {Schema} */ schema]) => {
    const isRequired = required.includes(name);
    const note =
      isRequired === isReply ? undefined : html`<br /><small>${isReply ? "optional" : "required"}</small>`;
    const row = [html`${code(prefix + name)}${note}`, typeCell(schema), markdownLine(schema.description)];
    const nested = inside(schema);
    if (!nested) return [row];
    return [row, ...rowsOf(nested.schema, { prefix: `${prefix}${name}${nested.suffix}.`, isReply })];
  });
}

/**
 * The fields of an object; undefined if it has none. `isReply`: a server sends it, so that its fields are there unless they
 * are optional.
 * @param {string} label
 * @param {Schema} schema
 * @param {boolean} isReply
 */
export const fieldsTable = (label, schema, isReply) =>
  table(label, ["field", "type", "meaning"], rowsOf(schema, { prefix: "", isReply }));
