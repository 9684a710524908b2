import type { ErrorCode } from "../../../protocol/errors.ts";
import { headerRefs, type HeaderName } from "./headers.ts";
import { refTo, type Node } from "./schemas.ts";

/** What an operation needs of the client: nothing, a token, or either of token and API key; `asker`: also in the body. */
export type Access = "nothing" | "token" | "either" | "asker";

/** An endpoint as the document describes it. Descriptions are Markdown; links in them begin with `docs/`. */
export interface Operation {
  method: "get" | "post" | "delete";
  /** As in the route table. */
  path: string;
  id: string;
  tag: string;
  summary: string;
  description: string;
  /** The section of the documentation that describes it. */
  see: string;
  access: Access;
  parameters?: readonly Node[];
  /** The request's body. */
  body?: Node;
  /** Without `body`: a body is read, and must be JSON, but nothing of it is used. */
  reads?: true;
  /** By status. */
  replies: Record<string, Node>;
  /** Besides those of every request, of `access` and of a body. */
  errors: readonly ErrorCode[];
  /** Headers of all its errors. */
  errorHeaders?: readonly HeaderName[];
}

/** A body in JSON. */
export const jsonBody = (schema: string, description: string, examples: Record<string, unknown>): Node => ({
  description,
  required: true,
  content: { "application/json": { schema: refTo(schema), examples: valuesOf(examples) } },
});

/** A reply in JSON. */
export const jsonReply = (
  schema: string,
  description: string,
  example: unknown,
  headers: readonly HeaderName[] = [],
): Node => ({
  description,
  headers: headerRefs(headers),
  content: { "application/json": { schema: refTo(schema), example } },
});

/** A reply without a body. */
export const emptyReply = (description: string, headers: readonly HeaderName[] = []): Node => ({
  description,
  headers: headerRefs(headers),
});

/** Named examples. */
export const valuesOf = (examples: Record<string, unknown>): Node =>
  Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }]));

/** An event of a stream. */
const eventOf = ([event, data]: [string, Node]): Node => ({
  type: "object",
  required: ["event", "data"],
  properties: { event: { const: event }, data: { type: "string", ...data } },
});

/**
 * A stream of events: their names, and the schema of the data of each. `message` is the name of an event without one. The
 * schema of the whole is an annotation: validators see a text.
 */
export function eventStream(events: Record<string, Node>, example: string): Node {
  const [first, ...others] = Object.entries(events).map(eventOf);
  return {
    schema: {
      type: "string",
      contentMediaType: "text/event-stream",
      contentSchema: { type: "array", items: others.length === 0 ? first : { oneOf: [first, ...others] } },
    },
    example,
  };
}

/** Data of an event, in JSON. */
export const jsonData = (schema: string): Node => ({
  contentMediaType: "application/json",
  contentSchema: refTo(schema),
});
