import type { FieldError } from "../../protocol/errors.ts";
import { isRecord } from "../../text/loose-json.ts";
import { oneLine } from "../../text/sanitize.ts";

/** What a reply that reports a failure says, whichever dialect it is in. Sanitised, bounded. */
export interface Words {
  /** The server's sentence, or a line for each complaint; `undefined` where it has none. */
  sentence: string | undefined;
  fields: FieldError[];
}

/** Most complaints about fields that are kept. */
const MOST_FIELDS = 20;

const words = (value: unknown): string | undefined => {
  const text = typeof value === "string" ? oneLine(value) : "";
  return text === "" ? undefined : text;
};

/** Names under which frameworks put complaints that are about no single field. */
const aboutNoField = new Set([
  "",
  "non_field_errors",
  "__all__",
  "detail",
  "error",
  "message",
  "msg",
  "errors",
]);

/** Whether a complaint under this name is about one field of the request. */
export const isAboutField = (name: string): boolean => !aboutNoField.has(name);

/** `{"username": ["…"]}` (Django), also nested one below another name. */
function complaintsByField(body: Record<string, unknown>): FieldError[] {
  return Object.entries(body).flatMap(([field, value]) =>
    (Array.isArray(value) ? value : [value])
      .map(words)
      .filter((detail) => detail !== undefined)
      .map((detail) => ({ field: oneLine(field, 60), detail })),
  );
}

/** `[{"field","detail"}]` (ours) or `[{"loc": ["body", "username"], "msg"}]` (FastAPI). */
function complaintsInList(list: unknown[]): FieldError[] {
  return list.filter(isRecord).flatMap((entry) => {
    const detail = words(entry.detail) ?? words(entry.msg) ?? words(entry.message);
    const loc = Array.isArray(entry.loc)
      ? entry.loc.filter((part) => part !== "body").join(".")
      : entry.field;
    return detail === undefined ? [] : [{ field: words(loc) ?? "", detail }];
  });
}

/** A line for each complaint. */
const asLines = (fields: FieldError[]): string | undefined =>
  fields.map(({ field, detail }) => (isAboutField(field) ? `${field}: ${detail}` : detail)).join("\n") ||
  undefined;

/** A problem document (RFC 9457) without detail; elsewhere `title` may be the name of a field. */
const titleOf = (body: Record<string, unknown>) =>
  typeof body.status === "number" ? words(body.title) : undefined;

/** Problem documents, `{error}`, `{detail}`, `{message}`, `{msg}` (Flask-JWT-Extended), and field → messages maps. */
export function jsonWords(body: unknown): Words {
  if (!isRecord(body))
    return { sentence: words(body) ?? (Array.isArray(body) ? words(body[0]) : undefined), fields: [] };
  const lists = [body.errors, body.detail, body.error].filter(Array.isArray).flatMap(complaintsInList);
  const maps = [body.errors, body.error, body.detail, body.message].filter(isRecord).flatMap((map) => {
    const told = words(map.message);
    return told === undefined ? complaintsByField(map) : [{ field: "", detail: told }];
  });
  const told =
    words(body.detail) ?? words(body.error) ?? words(body.message) ?? words(body.msg) ?? titleOf(body);
  const found = [...lists, ...maps];
  const fields = (found.length > 0 || told !== undefined ? found : complaintsByField(body)).slice(
    0,
    MOST_FIELDS,
  );
  return { sentence: told ?? asLines(fields), fields };
}

const entities = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["#39", "'"],
  ["#x27", "'"],
  ["nbsp", " "],
]);

const withoutMarkup = (html: string) =>
  html
    .replaceAll(/<(script|style)\b[^]*?(?:<\/\1\s*>|$)/gi, " ")
    .replaceAll(/<[^>]*(?:>|$)/g, " ")
    .replaceAll(/&(#?\w{1,8});/g, (whole, name: string) => entities.get(name.toLowerCase()) ?? whole);

/** The title of an HTML page, else its first words; of plain text its first line. At most 160 characters. */
export function pageWords(text: string): string | undefined {
  const isHtml = /^\s*</.test(text);
  const title = isHtml ? /<title[^<>]*>([^<]{1,1000})/i.exec(text)?.[1] : undefined;
  const first = isHtml ? withoutMarkup(title ?? text) : text.trimStart().split("\n", 1)[0];
  const line = oneLine(first ?? "", 160);
  return line === "" ? undefined : line;
}
