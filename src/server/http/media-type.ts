/** The media type of a Content-Type in lower case and its charset, or undefined where it is not one (RFC 9110 §8.3). */
export function parseContentType(value: string): { type: string; charset: string | undefined } | undefined {
  const [type = "", ...parameters] = value.split(";").map((part) => part.trim().toLowerCase());
  if (!/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(type)) return undefined;
  const charset = parameters.find((parameter) => parameter.startsWith("charset="));
  return { type, charset: charset?.slice("charset=".length).replace(/^"(.*)"$/, "$1") };
}

/** Whether a Content-Type announces JSON in UTF-8: `application/json` or any `+json`, without another charset. */
export function isUtf8Json(contentType: string): boolean {
  const parsed = parseContentType(contentType);
  if (!parsed) return false;
  const { type, charset } = parsed;
  const json = type === "application/json" || type.endsWith("+json");
  return json && (charset === undefined || charset === "utf-8" || charset === "utf8");
}
