import { readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { createParser } from "eventsource-parser";
import { errors } from "../../src/protocol/errors.ts";
import { pagePaths } from "../../src/protocol/routes.ts";
import { safeHeaders } from "../../src/server/http/reply-headers.ts";
import { root } from "./pages.ts";

/** A part of the document. */
type Node = Record<string, any>;

/** The document. A unit test compares it with what the program makes. */
const document = JSON.parse(readFileSync(`${root}docs/openapi.json`, "utf8")) as Node;

/** Its operations, as `get /api`. */
export const operations: readonly string[] = Object.entries<Node>(document.paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => `${method} ${path}`),
);

/** The statuses that it tells of an operation. */
export function statusesOf(operation: string): string[] {
  const [method = "", path = ""] = operation.split(" ");
  return Object.keys(document.paths[path][method].responses);
}

/** A reply of the server. */
export interface SeenReply {
  method: string;
  /** Without its query. */
  path: string;
  status: number;
  /** What the server sets itself. Names are in lower case. */
  headers: Record<string, string>;
  /** Undefined: it is too long to be looked at. */
  body: string | undefined;
}

/** Makes each object closed that does not say that it is open: what the document does not tell must not be sent. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== "object" || value === null) return value;
  const node = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, closed(inner)]));
  const isOpen = node.type !== "object" || node.properties === undefined || "additionalProperties" in node;
  return isOpen ? node : { ...node, additionalProperties: false };
}

// Much is compiled, and little of it runs often.
const ajv = new Ajv2020({
  strict: false,
  validateSchema: false,
  meta: false,
  inlineRefs: false,
  code: { optimize: false },
});
addFormats.default(ajv);
ajv.addSchema(closed(document) as Node, "document");

const validators = new Map<string, ValidateFunction>();

/** What is wrong with a value by the schema at this place of the document. */
function faultIn(pointer: string, value: unknown): string | undefined {
  let validate = validators.get(pointer);
  if (!validate) validators.set(pointer, (validate = ajv.compile({ $ref: `document#${pointer}` })));
  return validate(value) ? undefined : ajv.errorsText(validate.errors, { dataVar: "" });
}

const escaped = (name: string) => encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"));

/** The place that a reference leads to, or the place itself. */
function follow(pointer: string): { pointer: string; node: Node } {
  const names = pointer.split("/").slice(1);
  const node = names.reduce<Node | undefined>(
    (node, name) => node?.[decodeURIComponent(name).replaceAll("~1", "/").replaceAll("~0", "~")],
    document,
  );
  if (node === undefined) throw new Error(`The document has nothing at ${pointer}.`);
  return typeof node.$ref === "string" ? follow(node.$ref.slice(1)) : { pointer, node };
}

const paths = Object.keys(document.paths).map((path) => ({
  path,
  // A model's name may have slashes.
  pattern: new RegExp(`^${path.replace(/\{\w+\}$/, path.startsWith("/v1/") ? ".+" : "[^/]+")}/?$`),
}));

/** The path as the document has it. */
const documentedPath = (path: string) => paths.find(({ pattern }) => pattern.test(path))?.path;

/** Those of every reply, and of its body. */
const always: Record<string, string> = {};
for (let at = 0; at < safeHeaders.length; at += 2)
  always[safeHeaders[at]!.toLowerCase()] = safeHeaders[at + 1]!;
const ofBody = new Set(["content-type", "content-length"]);

/** Without what a server adds to every reply for pages of other origins (docs/browser.md#cors). */
function withoutOrigin(headers: Record<string, string>): Record<string, string> {
  const { vary, ...others } = headers;
  const varies = vary?.split(", ").filter((name) => name !== "Origin");
  const own = Object.entries(others).filter(([name]) => !name.startsWith("access-control-"));
  return { ...Object.fromEntries(own), ...(varies?.length && { vary: varies.join(", ") }) };
}

function headerFaults({ headers: sent }: SeenReply, pointer: string, isFile: boolean): string[] {
  const headers = withoutOrigin(sent);
  const { node } = follow(pointer);
  const documented = new Map(
    Object.keys(node.headers).map((name) => [name.toLowerCase(), `${pointer}/headers/${escaped(name)}`]),
  );
  const faults = Object.entries({ ...always, ...(isFile && { "cache-control": "no-cache" }) })
    .filter(([name, value]) => headers[name] !== value)
    .map(([name]) => `${name} is ${headers[name]}`);
  for (const [name, value] of Object.entries(headers)) {
    if (name in always || ofBody.has(name)) continue;
    const at = documented.get(name);
    if (at === undefined) {
      faults.push(`the header ${name} is not documented`);
      continue;
    }
    const header = follow(at);
    const read = header.node.schema.type === "integer" ? Number(value) : value;
    const fault = faultIn(`${header.pointer}/schema`, read);
    if (fault !== undefined) faults.push(`${name}: ${fault}`);
  }
  for (const [name, at] of documented)
    if (follow(at).node.required && headers[name] === undefined) faults.push(`${name} is missing`);
  return faults;
}

function jsonFault(pointer: string, text: string): string | undefined {
  try {
    return faultIn(pointer, JSON.parse(text));
  } catch (error) {
    return String(error);
  }
}

/** Checks the data of each event. An event that is not complete is none. */
function eventFaults(pointer: string, text: string): string[] {
  const items = `${pointer}/schema/contentSchema/items`;
  const { node } = follow(items);
  const list: Node[] = node.oneOf ?? [node];
  const faults: (string | undefined)[] = [];
  const parser = createParser({
    onEvent({ event = "message", data }) {
      const at = list.findIndex(({ properties }) => properties.event.const === event);
      if (at < 0) faults.push(`the event ${event} is not documented`);
      else if (data !== "[DONE]") {
        const one = node.oneOf ? `${items}/oneOf/${at}` : items;
        const fault = jsonFault(`${one}/properties/data/contentSchema`, data);
        if (fault !== undefined) faults.push(`event ${event}: ${fault}`);
      }
    },
  });
  parser.feed(text);
  return faults.filter((fault) => fault !== undefined);
}

function bodyFaults({ method, status, headers, body }: SeenReply, pointer: string): string[] {
  const { content = {} } = follow(pointer).node;
  const type = headers["content-type"]?.replace(/;.*/, "");
  if (type === undefined) return body === "" || body === undefined ? [] : ["a body without a Content-Type"];
  if (!(type in content)) return [`${type} is not documented`];
  const at = `${pointer}/content/${escaped(type)}`;
  if (method === "HEAD" || body === undefined || headers["content-encoding"] !== undefined) return [];
  if (type === "text/event-stream") return eventFaults(at, body);
  const fault = jsonFault(`${at}/schema`, body);
  const told = status >= 400 && type === "application/problem+json" ? statusFault(status, body) : undefined;
  return [fault, told].filter((each) => each !== undefined);
}

/** A problem document has the status of its code, but for 431. */
function statusFault(status: number, body: string): string | undefined {
  const { code, status: told } = JSON.parse(body) as { code: keyof typeof errors; status: number };
  const own = errors[code]?.status;
  return told === status && (own === status || status === 431) ? undefined : `${code} with ${status}`;
}

/** Those of the pages for browsers are no part of the API. */
const ofPages: ReadonlySet<string> = new Set(Object.values(pagePaths));
const isPage = (path: string) => ofPages.has(path === "/" ? path : path.replace(/\/$/, ""));

/** A path or a method that the document does not have: 404, 405, or OPTIONS. */
function faultsElsewhere({ status, headers, path, method, body }: SeenReply): string[] {
  const isKnown = documentedPath(path) !== undefined || isPage(path);
  const isPreflight = headers["access-control-max-age"] !== undefined;
  if (method === "OPTIONS" && status === 204)
    return isPreflight || headers["allow"] !== undefined ? [] : ["no Allow"];
  if (status === 405 && isKnown && headers["allow"] === undefined) return ["no Allow"];
  if (status < 400) return isPage(path) ? [] : ["it is not documented"];
  if (body === undefined || body === "") return [];
  const fault = jsonFault(
    `/components/schemas/${/^\/v1(\/|$)/.test(path) ? "OpenAiError" : "Problem"}`,
    body,
  );
  return fault === undefined ? [] : [fault];
}

/** Which operation of the document a request is for, as `get /api`. */
export function operationOf(method: string, path: string): string | undefined {
  const at = documentedPath(path);
  const name = method === "HEAD" ? "get" : method.toLowerCase();
  return at !== undefined && name in document.paths[at] ? `${name} ${at}` : undefined;
}

/** What of a reply is not as the document says. */
export function faultsOf(reply: SeenReply): string[] {
  const at = documentedPath(reply.path);
  const operation = operationOf(reply.method, reply.path);
  if (operation === undefined) return faultsElsewhere(reply);
  const [method = ""] = operation.split(" ");
  const own = `/paths/${escaped(at!)}/${method}/responses`;
  if (!(String(reply.status) in follow(own).node)) return [`the status ${reply.status} is not documented`];
  const { pointer } = follow(`${own}/${reply.status}`);
  return [
    ...headerFaults(reply, pointer, at === "/openapi.json" && reply.status < 400),
    ...bodyFaults(reply, pointer),
  ];
}
