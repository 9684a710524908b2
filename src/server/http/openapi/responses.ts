import { errors, type ErrorCode } from "../../../protocol/errors.ts";
import { headers as names } from "../../../protocol/replies.ts";
import { PROBLEM_TYPE } from "../problem.ts";
import { largeHeadExample, listOfCodes, listOfOpenAiCodes, openAiExample } from "./errors.ts";
import { headerRefs, type HeaderName } from "./headers.ts";
import { refTo, type Node } from "./schemas.ts";

/** Which form errors have. */
export type ErrorForm = "problem" | "openai";

/** Headers of the replies with a code. */
const headersOfCode: Partial<Record<ErrorCode, HeaderName[]>> = {
  missing_token: ["WWW-Authenticate"],
  invalid_token: ["WWW-Authenticate"],
  expired_token: ["WWW-Authenticate"],
  insufficient_tokens: [names.next, names.nextAt],
  tokens_held: ["Retry-After", names.next, names.nextAt],
  request_in_progress: ["Retry-After"],
  rate_limited: ["Retry-After", "RateLimit", "RateLimit-Policy"],
  upstream_error: ["Retry-After"],
  upstream_unavailable: ["Retry-After"],
  overloaded: ["Retry-After"],
  store_unavailable: ["Retry-After"],
  shutting_down: ["Retry-After"],
};

const statusOf = (code: ErrorCode, form: ErrorForm) =>
  form === "problem" ? errors[code].status : openAiExample(code).status;

/** A problem document with one of these codes. */
const problem = (codes: readonly ErrorCode[]): Node => ({
  schema: { allOf: [refTo("Problem"), { properties: { code: { enum: codes } } }] },
  examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
});

const openAiError = (codes: readonly ErrorCode[]): Node => ({
  schema: refTo("OpenAiError"),
  examples: Object.fromEntries(
    codes.map((code) => [code, { summary: code, value: openAiExample(code).body }]),
  ),
});

/** A request that is no well-formed HTTP has no path: its refusal has the form of all other paths. */
const isBeforePath = (code: ErrorCode) => code === "invalid_request" || code === "request_timeout";

/** Replies with errors, by the names that the document gives them. */
export type ErrorReplies = Record<string, Node>;

/** What the errors of a path have in common. */
export interface ErrorStyle {
  form: ErrorForm;
  /** Headers that are there whatever the code is. */
  headers?: readonly HeaderName[];
}

/** One reply for all these errors, which have one status. */
function errorReply(codes: readonly ErrorCode[], { form, headers = [] }: ErrorStyle): Node {
  const own = codes.flatMap((code) => headersOfCode[code] ?? []);
  const openAi = form === "openai" ? (["x-should-retry"] as const) : [];
  const bare = codes.filter(isBeforePath);
  return {
    description: form === "problem" ? listOfCodes(codes) : listOfOpenAiCodes(codes),
    headers: headerRefs([...new Set<HeaderName>([...headers, ...own, ...openAi])]),
    content:
      form === "problem"
        ? { [PROBLEM_TYPE]: problem(codes) }
        : {
            "application/json": openAiError(codes),
            ...(bare.length > 0 && { [PROBLEM_TYPE]: problem(bare) }),
          },
  };
}

/** Which codes have which status. */
function byStatus(codes: readonly ErrorCode[], form: ErrorForm): [status: number, codes: ErrorCode[]][] {
  const inOrder = (Object.keys(errors) as ErrorCode[]).filter((code) => codes.includes(code));
  const statuses = [...new Set(inOrder.map((code) => statusOf(code, form)))];
  return statuses.map((status) => [status, inOrder.filter((code) => statusOf(code, form) === status)]);
}

/** That of headers that are too large, which is the same at all paths. */
const largeHead: Node = {
  description: "- `invalid_request`: all headers together have more than 16 KiB.",
  headers: headerRefs([]),
  content: {
    [PROBLEM_TYPE]: {
      ...problem(["invalid_request"]),
      examples: { invalid_request: { value: largeHeadExample } },
    },
  },
};

/** References to the replies for these errors, by status. The replies are added to `replies`. */
export function errorRefs(codes: readonly ErrorCode[], style: ErrorStyle, replies: ErrorReplies): Node {
  const { form, headers = [] } = style;
  const replyRef = (name: string) => ({ $ref: `#/components/responses/${name}` });
  replies["431"] ??= largeHead;
  return {
    ...Object.fromEntries(
      byStatus(codes, form).map(([status, ofStatus]) => {
        const name = [status, ...(form === "openai" ? [form] : []), ...ofStatus, ...headers].join(".");
        replies[name] ??= errorReply(ofStatus, style);
        return [status, replyRef(name)];
      }),
    ),
    431: replyRef("431"),
  };
}
