import { z } from "zod";
import { bodySchemas } from "./bodies.ts";
import { replySchemas } from "./replies.ts";

/** A JSON Schema, or another object of the document. */
export type Node = Record<string, unknown>;

/** Where the document has its schemas. */
export const refTo = (name: string): Node => ({ $ref: `#/components/schemas/${name}` });

/** Bounds that zod gives every whole number. */
const isSafeBound = (name: string, value: unknown) =>
  (name === "maximum" && value === Number.MAX_SAFE_INTEGER) ||
  (name === "minimum" && value === Number.MIN_SAFE_INTEGER);

/** What JSON Schema says by `format` already, and long. */
const isSaidTwice = (name: string, { format }: Node) =>
  name === "pattern" && (format === "date-time" || format === "date");

/** Without what a schema needs only by itself. */
function withoutOrigin(schema: object): Node {
  const { $schema: _schema, $id: _id, ...rest } = schema as Node;
  return rest;
}

function trim({ jsonSchema }: { jsonSchema: object }): void {
  const schema = jsonSchema as Node;
  for (const [name, value] of Object.entries(schema))
    if (isSafeBound(name, value) || isSaidTwice(name, schema)) delete schema[name];
}

/**
 * The schemas of all bodies and replies as JSON Schema 2020-12. Objects are open: a client must take members that it does not
 * know.
 */
export function jsonSchemas(): Record<string, Node> {
  const named = z.registry<{ id: string }>();
  const notes = z.registry<Node>();
  for (const [id, body] of Object.entries(bodySchemas)) {
    named.add(body.schema, { id });
    for (const [field, note] of Object.entries(body.notes)) notes.add(body.schema.shape[field], note);
  }
  for (const [id, schema] of Object.entries(replySchemas)) named.add(schema, { id });
  const metadata = { get: (schema: z.ZodType) => notes.get(schema) ?? z.globalRegistry.get(schema) };
  const { schemas } = z.toJSONSchema(named, {
    io: "input",
    unrepresentable: "any",
    metadata: metadata as never,
    override: trim,
    uri: (id) => String(refTo(id)["$ref"]),
  });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, withoutOrigin(schema)]));
}
