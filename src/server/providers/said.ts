import { isRecord } from "../../text/loose-json.ts";

/** What an upstream says in an error that it reports, in any of the usual shapes; "" if nothing. */
export function wordsOf(error: unknown): string {
  if (typeof error === "string") return error;
  if (!isRecord(error)) return "";
  const { message, detail, error: inner, msg, status_msg } = error;
  const said = message ?? detail ?? inner ?? msg ?? status_msg ?? "";
  return typeof said === "string" ? said : JSON.stringify(said);
}

/** Names that upstreams give to errors, in the fields `type`, `code` and `status`, and the status that fits. */
const NAMES: [RegExp, number][] = [
  [/rate_?limit|quota|resource_exhausted|too_many|throttl/i, 429],
  [/api_key|authenti|unauthori[sz]ed/i, 401],
  [/permission|forbidden/i, 403],
  [/not_found/i, 404],
  [/context_length|invalid_(request|argument|prompt)|content_filter|bad_?request/i, 400],
  [/overloaded|unavailable/i, 503],
  [/server_error|internal|api_error/i, 500],
];

/** The HTTP status that an error inside a reply with status 200 stands for; undefined if it does not say. */
export function statusOf(error: unknown): number | undefined {
  if (!isRecord(error)) return undefined;
  const { code, status, status_code, type } = error;
  const values = [code, status, status_code, type]
    .filter((value) => /^(string|number)$/.test(typeof value))
    .map(String);
  const number = values.find((value) => /^[45]\d\d$/.test(value));
  if (number !== undefined) return Number(number);
  return NAMES.find(([name]) => values.some((value) => name.test(value)))?.[1];
}
