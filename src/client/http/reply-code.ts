import type { ClientErrorCode } from "../failure.ts";
import type { FieldError } from "../../protocol/errors.ts";
import { saysEmpty, saysNoLogin } from "./refusal-words.ts";
import { isAboutField } from "./reply-words.ts";

/** The call that was answered: some statuses mean different things in different calls. */
export type CallKind = "register" | "login" | "chat" | "balance" | "usage" | "logout" | "password" | "keys";

/** A reply without a code of this API. */
interface Refusal {
  status: number;
  call: CallKind;
  isJson: boolean;
  /** All that it says. */
  sentence: string;
  fields: FieldError[];
}

/** The code for a status if the reply has none of this API (docs/cli.md#refusals-of-other-servers). */
const codeOfStatus = new Map<number, ClientErrorCode>([
  [401, "invalid_token"],
  [402, "insufficient_tokens"],
  [403, "forbidden"],
  [404, "not_found"],
  [405, "method_not_allowed"],
  [407, "unreachable"],
  [408, "timeout"],
  [409, "request_in_progress"],
  [410, "not_found"],
  [413, "payload_too_large"],
  [415, "unsupported_media_type"],
  [429, "rate_limited"],
  [502, "upstream_error"],
  [503, "overloaded"],
  [504, "upstream_timeout"],
]);

/** Many servers answer 400 to a wrong password (without naming a field), and 404 to an unknown name. */
const isWrongPassword = ({ status, isJson, fields }: Refusal): boolean =>
  status === 401 ||
  (isJson && (status === 404 || (status === 400 && !fields.some(({ field }) => isAboutField(field)))));

/** The code for a reply that has none of this API. */
export function codeFor(refusal: Refusal): ClientErrorCode {
  const { status, call, sentence } = refusal;
  if (call === "login" && isWrongPassword(refusal)) return "invalid_credentials";
  // Nobody who registers has a login yet.
  if (call === "register" && status === 401) return "forbidden";
  if (call === "chat" && (status === 400 || status === 403) && saysEmpty(sentence))
    return "insufficient_tokens";
  if (status === 409 && call !== "chat") return call === "register" ? "username_taken" : "invalid_request";
  if (status < 400) return "bad_reply";
  return codeOfStatus.get(status) ?? (status < 500 ? "invalid_request" : "internal_error");
}

/** Whether a 403 is about the token: some frameworks have no 401 where the server names no scheme. */
export const isAboutToken = ({ status, call, sentence }: Refusal): boolean =>
  status === 403 && call !== "login" && call !== "register" && saysNoLogin(sentence);
