import { ClientError, type ClientErrorCode, type PlainRemedy } from "../failure.ts";
import { oneLine } from "../../text/sanitize.ts";

/** What was under way when the network failed. */
export interface Attempt {
  server: string;
  /** Whether it is a question, which may have been charged once it was sent. */
  question: boolean;
  /** Seconds that the server may be silent. */
  silence: number;
  /** Seconds that connecting may take. */
  connect: number;
  signal?: AbortSignal;
}

/** What Node or undici says of a failure. */
interface Failure {
  name: string;
  code: string;
  message: string;
  /** The connection was established: something may have been sent. */
  established: boolean;
  /** The connection was not yet established: Node then leaves the host on the error. */
  connecting: boolean;
}

/** One kind of failure. `sent`: a question may have reached the server by then. */
interface Kind {
  is(failure: Failure): boolean;
  code: ClientErrorCode;
  why(server: string, failure: Failure, attempt: Attempt): string;
  remedy: PlainRemedy;
  sent: boolean;
}

type Rest = Pick<Kind, "why" | "remedy">;

/** Nothing was sent. */
const unsent = (is: Kind["is"], rest: Rest): Kind => ({ is, code: "unreachable", sent: false, ...rest });

/** The connection was never established, by Node's code for it. */
const unreached = (code: string, why: Kind["why"], remedy: Kind["remedy"] = "check_connection") =>
  unsent((failure) => failure.code === code && !failure.established, { why, remedy });

const badReply = (is: Kind["is"], rest: Rest): Kind => ({ is, code: "bad_reply", sent: true, ...rest });

/** A reply that undici's parser accepts and undici rejects: lengths that differ, a huge head, an invalid status. */
function isAgainstHttp({ code, message }: Failure): boolean {
  if (code === "UND_ERR_SOCKET") return message === "bad response" || message === "bad upgrade";
  return /^(UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|ERR_ASSERTION)$/.test(code);
}

/** The first that fits counts. */
const kinds: Kind[] = [
  // Of src/cli/connection/proxy-pool.ts, whose message completes the sentence.
  unsent(({ code, message }) => code === "PROXY_FAILED" && message.includes("(407)"), {
    why: (server, { message }) => `The proxy on the way to ${server} ${message}.`,
    remedy: "log_in_to_proxy",
  }),
  unsent(({ code }) => code === "PROXY_FAILED", {
    why: (server, { message }) => `The proxy on the way to ${server} ${message}.`,
    remedy: "check_proxy",
  }),
  unreached("ECONNREFUSED", (server) => `${server} refused the connection.`, "start_server"),
  unreached("ENOTFOUND", (server) => `There is no server of the name in ${server}.`),
  unreached("EAI_AGAIN", (server) => `The name in ${server} cannot be looked up now.`),
  unreached("EHOSTUNREACH", (server) => `${server} cannot be reached from this network.`),
  unreached("ENETUNREACH", (server) => `${server} cannot be reached from this network.`),
  unreached("ETIMEDOUT", (server) => `${server} did not accept a connection in time.`),
  unreached(
    "UND_ERR_CONNECT_TIMEOUT",
    (server, _, { connect }) => `${server} did not accept a connection within ${connect} s.`,
  ),
  unsent(({ code }) => /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/.test(code), {
    why: (server) => `The certificate of ${server} is for another name.`,
    remedy: "use_certified_name",
  }),
  unsent(({ code }) => /^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/.test(code), {
    why: (server, { message }) => `${server} is not trusted: ${oneLine(message, 160)}`,
    remedy: "check_dates",
  }),
  unsent(({ code }) => /^(CERT_|ERR_TLS_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/.test(code), {
    why: (server, { message }) => `${server} is not trusted: ${oneLine(message, 160)}`,
    remedy: "trust_certificate",
  }),
  // The other end may not speak TLS at all, or it hung up while the handshake was under way.
  unsent(({ code, connecting }) => /^(EPROTO|ERR_SSL_)/.test(code) || (code === "ECONNRESET" && connecting), {
    why: (server, { code }) => `The TLS connection to ${server} failed (${code}).`,
    remedy: "check_scheme",
  }),
  // What undici itself tells of a proxy.
  unsent(({ code, message }) => code === "UND_ERR_INVALID_ARG" && /^Proxy .*\(407\)/.test(message), {
    why: (server) => `The proxy on the way to ${server} requires a login (407).`,
    remedy: "log_in_to_proxy",
  }),
  {
    is: ({ code }) => code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT",
    code: "timeout",
    why: (server, _, { silence }) => `${server} sent nothing for ${silence} s.`,
    remedy: "longer_timeout",
    sent: true,
  },
  badReply(({ name }) => name === "HTTPParserError", {
    why: (server) => `${server} does not speak HTTP.`,
    remedy: "check_scheme",
  }),
  badReply(({ code }) => /^(Z_|ERR_BROTLI|ERR__ERROR_FORMAT|ERR_PADDING)/.test(code), {
    why: (server) => `The reply of ${server} cannot be decompressed.`,
    remedy: "retry_or_report",
  }),
  badReply(isAgainstHttp, {
    why: (server) => `The reply of ${server} is not valid HTTP.`,
    remedy: "check_address",
  }),
];

const lost: Kind = {
  is: () => true,
  code: "unreachable",
  why: (server) => `The connection to ${server} was lost.`,
  remedy: "check_connection",
  sent: true,
};

const text = (error: Error, name: string): string => {
  const value: unknown = Reflect.get(error, name);
  return typeof value === "string" ? value : "";
};

function read(error: unknown): Failure {
  const failed = error instanceof Error ? error : new Error("");
  return {
    name: failed.name,
    code: text(failed, "code"),
    message: failed.message,
    established: ["read", "write"].includes(text(failed, "syscall")),
    connecting: "host" in failed,
  };
}

/**
 * A failure of the network as `interrupted`, `timeout`, `unreachable` or `bad_reply`, with a sentence that names the
 * server, and whether a question may have been charged.
 */
export function networkError(error: unknown, attempt: Attempt): ClientError {
  if (error instanceof ClientError) return error;
  const charged = attempt.question ? "maybe" : "no";
  if (attempt.signal?.aborted === true)
    return new ClientError("interrupted", "Interrupted.", { charged, cause: error });
  const failure = read(error);
  const kind = kinds.find((candidate) => candidate.is(failure)) ?? lost;
  return new ClientError(kind.code, kind.why(attempt.server, failure, attempt), {
    remedy: { kind: kind.remedy },
    charged: kind.sent ? charged : "no",
    cause: error,
  });
}
