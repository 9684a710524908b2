/** The media type, in lower case, and charsets of a Content-Type; undefined if it is malformed (RFC 9110 §8.3). */
function parseContentType(value: string): { type: string; charsets: string[] } | undefined {
  const [type = "", ...parameters] = value.split(";").map((part) => part.trim().toLowerCase());
  if (!/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(type)) return undefined;
  const charsets = parameters
    .filter((parameter) => parameter.startsWith("charset="))
    .map((parameter) => parameter.slice("charset=".length).replace(/^"(.*)"$/, "$1"));
  return { type, charsets };
}

/** Whether a Content-Type is `application/json` or any `+json`, without a charset other than UTF-8. */
export function isUtf8Json(contentType: string): boolean {
  if (contentType === "application/json") return true;
  const parsed = parseContentType(contentType);
  if (!parsed) return false;
  const { type, charsets } = parsed;
  const json = type === "application/json" || type.endsWith("+json");
  return json && charsets.every((charset) => charset === "utf-8" || charset === "utf8");
}
