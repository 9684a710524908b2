import { finishes, headers as names } from "../../../protocol/replies.ts";
import type { Node } from "./schemas.ts";

const whole = { type: "integer", minimum: 0 };
const seconds = { type: "integer", minimum: 0 };

interface Header extends Node {
  description: string;
  schema: Node;
  required?: true;
}

/** The headers of replies, but for those that each one has (docs/http-api.md#conventions). */
export const replyHeaders = {
  [names.requestId]: {
    description: "Names the request in the log. It repeats the client's value if that has the right form.",
    required: true,
    schema: { type: "string", pattern: "^[A-Za-z0-9._-]{1,128}$" },
  },
  [names.remaining]: { description: "The balance after this question.", schema: whole },
  [names.held]: { description: "What questions in flight hold of the balance.", schema: whole },
  [names.account]: {
    description: "The account's name, which the operator may have changed.",
    schema: { type: "string" },
  },
  [names.next]: {
    description: "What the account gets with its next refill. Absent if it gets nothing.",
    schema: whole,
  },
  [names.nextAt]: { description: "When it gets it.", schema: { type: "string", format: "date-time" } },
  [names.model]: {
    description:
      "Name of the model that answered; percent-encoded if it is not ASCII. A stream whose head goes out before that is known has none.",
    schema: { type: "string" },
  },
  [names.finish]: {
    description: "Why the AI ended. Absent if it did not say, and in a stream that is no replay from memory.",
    schema: { type: "string", enum: finishes },
  },
  [names.turnsSent]: {
    description:
      "How many entries of `history` reached the AI, always the newest. A stream whose head goes out before that is known has none.",
    schema: whole,
  },
  [names.replayed]: {
    description: "The Idempotency-Key was charged before; this reply costs nothing.",
    schema: { type: "string", const: "true" },
  },
  Vary: { description: "The reply depends on these headers of the request.", schema: { type: "string" } },
  ETag: { description: "Names this version of the document.", schema: { type: "string" } },
  "Content-Encoding": { description: "How the body is packed.", schema: { type: "string", const: "gzip" } },
  "WWW-Authenticate": {
    description: "What to send instead (RFC 6750).",
    schema: { type: "string", pattern: '^Bearer realm="ai-chat"(, error="invalid_token")?$' },
  },
  "Retry-After": { description: "Seconds until the next try can succeed.", schema: seconds },
  RateLimit: {
    description: "The limit that was reached, what is left of it, and for how many seconds.",
    schema: { type: "string", pattern: '^"[a-z-]+";r=0;t=[0-9]+$' },
    example: '"login";r=0;t=899',
  },
  "RateLimit-Policy": {
    description: "How many the limit allows, and in how many seconds; without `w`, how many at once.",
    schema: { type: "string", pattern: '^"[a-z-]+";q=[0-9]+(;w=[0-9]+)?$' },
    example: '"login";q=10;w=900',
  },
  "X-Accel-Buffering": {
    description: "Of a stream: a proxy must not hold its events back.",
    schema: { type: "string", const: "no" },
  },
  "x-should-retry": {
    description: "A repeat of this request can't help. OpenAI's packages know it.",
    schema: { type: "string", const: "false" },
  },
} satisfies Record<string, Header>;

export type HeaderName = keyof typeof replyHeaders;

/** References to these headers, and to the one of every reply. */
export const headerRefs = (headers: readonly HeaderName[]): Node =>
  Object.fromEntries(
    [names.requestId, ...headers].map((name) => [name, { $ref: `#/components/headers/${name}` }]),
  );
