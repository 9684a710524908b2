import { errors, type ErrorCode } from "../../src/protocol/errors.ts";
import { http, type RawReply } from "./raw-server.ts";

/** The commands that fail when their server does. */
export const everyCommand = ["ask", "balance", "whoami", "usage", "password", "login", "register"] as const;

export type SpoiledCommand = (typeof everyCommand)[number];

/** A cause of a failure, and the required exit code and messages (docs/cli.md#exit-codes). */
export interface Cause {
  /** A path segment. */
  name: string;
  reply: RawReply;
  /** Exit code and error code of the JSON line, for the commands that the cause applies to. */
  exit: number;
  code: string;
  only?: readonly SpoiledCommand[];
  status?: number;
  requestId?: string;
  retryAfter?: number;
  /** The first line names the failure, the second says what to do. */
  says: RegExp;
  hint: RegExp;
  /** More options, for every command. */
  options?: readonly string[];
}

const withToken: readonly SpoiledCommand[] = ["ask", "balance", "whoami", "usage", "password"];
const writing: readonly SpoiledCommand[] = ["ask", "password", "login", "register"];

/**
 * For each code of docs/http-api.md#error-codes: the commands that can get it, its exit code (docs/cli.md#exit-codes),
 * and the advice on the second line.
 */
const problems: Record<
  ErrorCode,
  { only: readonly SpoiledCommand[]; exit: number; hint: RegExp; wait?: true }
> = {
  invalid_json: { only: writing, exit: 2, hint: /Check what you sent/ },
  invalid_request: { only: [...writing, "usage"], exit: 2, hint: /Check what you sent|Fix that/ },
  conflicting_tokens: { only: ["ask"], exit: 2, hint: /Check what you sent/ },
  missing_token: { only: withToken, exit: 4, hint: /Unset it, then log in: .*ai-chat login -s http/ },
  invalid_token: { only: withToken, exit: 4, hint: /Unset it, then log in: .*ai-chat login -s http/ },
  expired_token: { only: withToken, exit: 4, hint: /Unset it, then log in: .*ai-chat login -s http/ },
  invalid_credentials: {
    only: ["login", "password"],
    exit: 4,
    hint: /Check name and password, or .* register -s http|Your password was not changed/,
  },
  insufficient_tokens: { only: ["ask"], exit: 5, hint: /Ask whoever runs the server .* balance -s http/ },
  tokens_held: { only: ["ask"], exit: 5, hint: /Try again in 99 s/, wait: true },
  account_disabled: { only: ["ask", "balance", "login"], exit: 4, hint: /Ask whoever runs the server/ },
  key_limit_reached: { only: ["ask"], exit: 5, hint: /ask with another API key, or log in/ },
  key_not_allowed: { only: ["password"], exit: 4, hint: /Unset it, then log in/ },
  registration_closed: { only: ["register"], exit: 4, hint: /Ask whoever runs the server/ },
  invalid_invite: {
    only: ["register"],
    exit: 4,
    hint: /With a code: .*register -u jane --invite CODE -s http/,
  },
  not_found: { only: ["ask", "login", "register"], exit: 1, hint: /address of a chat server/ },
  method_not_allowed: { only: ["ask", "login", "register"], exit: 1, hint: /address of a chat server/ },
  username_taken: { only: ["register"], exit: 2, hint: /Choose another name, or log in .* login -s http/ },
  key_name_taken: { only: ["ask"], exit: 2, hint: /./ },
  request_in_progress: { only: ["ask"], exit: 7, hint: /Try again in 99 s/, wait: true },
  answer_expired: { only: ["ask"], exit: 1, hint: /./ },
  payload_too_large: { only: writing, exit: 2, hint: /Send less/ },
  unsupported_media_type: { only: writing, exit: 2, hint: /./ },
  idempotency_key_reused: { only: ["ask"], exit: 2, hint: /./ },
  rate_limited: { only: everyCommand, exit: 7, hint: /Try again in 99 s/, wait: true },
  internal_error: { only: everyCommand, exit: 1, hint: /tell whoever runs the server/ },
  upstream_error: { only: ["ask"], exit: 8, hint: /the AI behind the server failed/ },
  upstream_unavailable: { only: ["ask"], exit: 8, hint: /Try again in 99 s/, wait: true },
  overloaded: {
    only: ["ask", "login", "register", "password"],
    exit: 6,
    hint: /Try again in 99 s/,
    wait: true,
  },
  request_timeout: { only: ["ask", "login", "register", "password"], exit: 6, hint: /Try again/, wait: true },
  store_unavailable: { only: everyCommand, exit: 6, hint: /tell whoever runs the server; its log/ },
  shutting_down: { only: everyCommand, exit: 6, hint: /Wait a moment/ },
  upstream_timeout: { only: ["ask"], exit: 8, hint: /perhaps with a shorter question/ },
};

/** A cause for each code of docs/http-api.md#error-codes. */
export const ofApi: Cause[] = (Object.keys(problems) as ErrorCode[]).map((code) => {
  const { only, exit, hint, wait } = problems[code];
  const { status, title } = errors[code];
  const detail = `It is ${code}.`;
  const body = { type: "about:blank", title, status, detail, code, error: detail, request_id: "req-1" };
  const headers: Record<string, string> = { "x-request-id": "req-1", ...(wait && { "retry-after": "99" }) };
  return {
    name: code,
    reply: http(status, body, { "content-type": "application/problem+json", ...headers }),
    exit,
    code,
    only,
    status,
    requestId: "req-1",
    ...(wait && { retryAfter: 99 }),
    says: new RegExp(`^ai-chat: It is ${code}\\.`),
    hint,
  };
});

const length = (bytes: number) =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${bytes}\r\n\r\n`;
const silent: RawReply = () => {};

/** Failures of the network, and replies that are not from a chat server. */
export const ofNetwork: Cause[] = [
  {
    name: "no-head",
    reply: silent,
    exit: 6,
    code: "timeout",
    says: /sent nothing for 0\.4 s/,
    hint: /--timeout SECONDS/,
    options: ["--timeout", "0.4"],
  },
  {
    name: "silent-body",
    reply: (socket) => void socket.write(`${length(100)}{"response":`),
    exit: 6,
    code: "timeout",
    says: /sent nothing for 0\.4 s/,
    hint: /--timeout SECONDS/,
    options: ["--timeout", "0.4"],
  },
  {
    name: "hung-up",
    reply: (socket) => void socket.destroy(),
    exit: 6,
    code: "unreachable",
    says: /The connection to http\S+ was lost/,
    hint: /Check your connection|balance -s/,
  },
  {
    name: "cut-body",
    reply: `${length(100)}{"response":"Hel`,
    exit: 6,
    code: "unreachable",
    says: /The connection to http\S+ was lost/,
    hint: /Check your connection|balance -s/,
  },
  {
    name: "moved",
    reply: http(307, "", { location: "http://127.0.0.1:1/elsewhere/" }),
    exit: 6,
    code: "unreachable",
    says: /The server moved to http:\/\/127\.0\.0\.1:1\/elsewhere$/,
    hint: /^use --server http:\/\/127\.0\.0\.1:1\/elsewhere$/,
  },
  {
    name: "circle",
    reply: (socket, { url }) => void socket.end(http(308, "", { location: url })),
    exit: 6,
    code: "unreachable",
    says: /redirects in a loop/,
    hint: /--server URL/,
  },
  {
    name: "nowhere",
    reply: http(302),
    exit: 1,
    code: "bad_reply",
    says: /redirects to an invalid address/,
    hint: /address/,
  },
  ...(
    [
      ["page", http(200, "<!DOCTYPE html><h1>Welcome</h1>", { "content-type": "text/html" })],
      ["list", http(200, [])],
      ["text", http(200, "OK")],
      ["empty", http(200)],
      ["no-content", "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"],
    ] as const
  ).map(([name, reply]) => ({
    name,
    reply,
    exit: 1,
    code: "bad_reply",
    says: /is not a chat server \(it answered with /,
    hint: /address of a chat server/,
  })),
  {
    name: "not-modified",
    reply: "HTTP/1.1 304 Not Modified\r\nconnection: close\r\n\r\n",
    exit: 1,
    code: "bad_reply",
    status: 304,
    says: /The server answered 304/,
    hint: /address of a chat server/,
  },
  {
    name: "no-http",
    reply: "220 mail.example.org ESMTP\r\n",
    exit: 1,
    code: "bad_reply",
    says: /does not speak HTTP/,
    hint: /begins with http:\/\/ or https:\/\//,
  },
  {
    name: "bad-gateway-page",
    reply: http(502, "<html><title>502 Bad Gateway</title></html>", { "content-type": "text/html" }),
    exit: 8,
    code: "upstream_error",
    status: 502,
    says: /The server answered 502: 502 Bad Gateway/,
    hint: /./,
  },
  {
    name: "maintenance",
    reply: http(503, "Down for maintenance.", { "retry-after": "3600" }),
    exit: 6,
    code: "overloaded",
    status: 503,
    retryAfter: 3600,
    says: /Down for maintenance/,
    hint: /Try again in 60 min/,
  },
];
