import { errors, type ErrorCode } from "../../../protocol/errors.ts";
import { headers } from "../../../protocol/replies.ts";
import { accountOperations } from "./account-operations.ts";
import { chatOperations } from "./chat-operations.ts";
import { safeHeaders } from "../reply-headers.ts";
import { problemExamples, REQUEST_ID } from "./errors.ts";
import { replyHeaders } from "./headers.ts";
import { openAiOperations } from "./openai-operations.ts";
import type { Access, Operation } from "./operation.ts";
import { otherSchemas } from "./other-schemas.ts";
import { errorRefs, type ErrorReplies } from "./responses.ts";
import { jsonSchemas, type Node } from "./schemas.ts";
import { statusOperations } from "./status-operations.ts";

/** All operations, in the order of docs/http-api.md. */
export const operations: Operation[] = [
  ...accountOperations,
  ...chatOperations,
  ...openAiOperations,
  ...statusOperations,
];

/** A path of the route table as OpenAPI writes it. */
export const pathOf = (path: string): string => path.replaceAll(/[:*](\w+)/g, "{$1}");

const everywhere: ErrorCode[] = ["invalid_request", "request_timeout", "internal_error"];
const ofBody: ErrorCode[] = ["invalid_json", "payload_too_large", "unsupported_media_type", "overloaded"];
const ofToken: ErrorCode[] = [
  "missing_token",
  "invalid_token",
  "expired_token",
  "account_disabled",
  "store_unavailable",
];

const ofAccess: Record<Access, ErrorCode[]> = {
  nothing: [],
  either: ofToken,
  asker: ofToken,
  token: [...ofToken, "key_not_allowed"],
};

const schemes: Record<Access, string[]> = {
  nothing: [],
  token: ["token", "tokenScheme"],
  either: ["token", "apiKey", "tokenScheme"],
  asker: ["token", "apiKey", "tokenScheme"],
};

/** `{}`: the token is in the body. */
const securityOf = (access: Access): Node[] => [
  ...schemes[access].map((name) => ({ [name]: [] })),
  ...(access === "asker" ? [{}] : []),
];

/** All errors of an operation. */
const errorsOf = ({ access, body, reads, errors: own }: Operation): ErrorCode[] => [
  ...everywhere,
  ...(body || reads ? ofBody : []),
  ...ofAccess[access],
  ...own,
];

function operationNode(operation: Operation, replies: ErrorReplies): Node {
  const { id, tag, summary, description, see, access, body, errorHeaders } = operation;
  const form = operation.path.startsWith("/v1/") ? "openai" : "problem";
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    externalDocs: { url: see },
    security: securityOf(access),
    parameters: [{ $ref: "#/components/parameters/RequestId" }, ...(operation.parameters ?? [])],
    ...(body && { requestBody: body }),
    responses: {
      ...operation.replies,
      ...errorRefs(errorsOf(operation), { form, headers: errorHeaders }, replies),
    },
  };
}

function pathsOf(replies: ErrorReplies): Node {
  const paths: Record<string, Node> = {};
  for (const operation of operations)
    (paths[pathOf(operation.path)] ??= {})[operation.method] = operationNode(operation, replies);
  return paths;
}

/** An example for each error that an operation has in the form of a problem document. */
function examples(): Node {
  const codes = new Set(operations.flatMap(errorsOf));
  return Object.fromEntries(
    [...codes].map((code) => [code, { summary: errors[code].title, value: problemExamples[code] }]),
  );
}

const parameters: Node = {
  RequestId: {
    name: headers.requestId,
    in: "header",
    description: "A name for the request, which the reply and the log repeat. In another form it is ignored.",
    schema: { type: "string", pattern: "^[A-Za-z0-9._-]{1,128}$" },
    example: REQUEST_ID,
  },
};

const securitySchemes: Node = {
  token: {
    type: "http",
    scheme: "bearer",
    description:
      "The token of a [login](docs/http-api.md#log-in). For a question it may also be the field `token` of the body.",
  },
  apiKey: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "aic_",
    description: "An [API key](docs/http-api.md#api-keys): `aic_` and 49 letters and digits.",
  },
  tokenScheme: {
    type: "apiKey",
    in: "header",
    name: "Authorization",
    description: "The same as `Token TOKEN`. The name of the scheme is case-insensitive.",
  },
};

const description = `A chat server whose questions cost tokens. Register, log in, and ask; each question has a price, and the balance says what is left. [HTTP API](docs/http-api.md) describes each endpoint in full, and [OpenAI's API](docs/openai.md) those below \`/v1\`.

- Every path works with and without its trailing slash.
- Requests and replies are JSON in UTF-8. Unknown fields of a request are ignored, unless it says otherwise. A client must ignore fields that it does not know.
- \`Content-Encoding\` \`gzip\`, \`deflate\` and \`br\` are accepted for request bodies.
- Every reply has \`X-Request-Id\`, \`${safeHeaders[0]}: ${safeHeaders[1]}\` (this document: \`no-cache\`), \`${safeHeaders[2]}: ${safeHeaders[3]}\` and \`${safeHeaders[4]}: ${safeHeaders[5]}\`.
- \`HEAD\` works where \`GET\` does. \`OPTIONS\` on a known path is 204 with \`Allow\`.
- If the operator allows pages of other origins, every reply has \`Vary: Origin\` and those to such a page [more headers](docs/browser.md#cors).
- A path that is not here is 404 \`not_found\`, and another method of a path 405 \`method_not_allowed\` with \`Allow\`.
- An error is a [problem document](docs/http-api.md#errors), with a \`code\` for programs. Below \`/v1\` it has [OpenAI's form](docs/openai.md#errors).`;

const tags = [
  { name: "accounts", description: "Register, log in, and read the balance." },
  { name: "API keys", description: "Keys for programs, which spend the balance of their account." },
  { name: "chat", description: "Questions, and the models that answer them." },
  { name: "OpenAI's API", description: "For programs that speak OpenAI's chat completions." },
  { name: "server", description: "What the server offers, and how it is." },
];

interface About {
  version: string;
  /** Address of the repository, without a slash at its end. */
  repository: string;
}

/** The OpenAPI document of the API (docs/http-api.md#openapi). */
export function openApiDocument({ version, repository }: About): Node {
  const pages = `${repository}/blob/HEAD/docs/`;
  const responses: ErrorReplies = {};
  const document = {
    openapi: "3.1.1",
    info: { title: "ai-chat-system", version, description, license: { name: "MIT", identifier: "MIT" } },
    externalDocs: { url: "docs/http-api.md", description: "HTTP API" },
    servers: [{ url: "/" }],
    tags,
    paths: pathsOf(responses),
    components: {
      schemas: { ...jsonSchemas(), ...otherSchemas },
      responses,
      headers: replyHeaders,
      parameters,
      examples: examples(),
      securitySchemes,
    },
  };
  return withLinks(document, (text) => text.replace(/^docs\/|(?<=\]\()docs\//g, pages)) as Node;
}

/** Applies `link` to each text. */
function withLinks(value: unknown, link: (text: string) => string): unknown {
  if (typeof value === "string") return link(value);
  if (Array.isArray(value)) return value.map((each) => withLinks(each, link));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withLinks(inner, link)]));
}
