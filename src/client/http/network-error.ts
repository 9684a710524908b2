import { ClientError, type ClientErrorCode } from "../failure.ts";
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
  /** Found on a connection that stood: something may have been sent. */
  established: boolean;
  /** Node leaves the host on an error of a connection that was still being made. */
  connecting: boolean;
  /** Where the connection was to go: another place than the server is a proxy. */
  hostname: string;
  port: number | undefined;
}

/** One kind of failure, and how a person is told. `sent`: a question may have reached the server by then. */
interface Kind {
  is(failure: Failure, server: string): boolean;
  code: ClientErrorCode;
  why(server: string, failure: Failure, attempt: Attempt): string;
  hint: string;
  sent: boolean;
}

const wrongName = "Check the address and your connection, or name another with --server URL.";

function isProxy({ hostname, port, established }: Failure, server: string): boolean {
  const url = new URL(server);
  const own = Number(url.port === "" ? (url.protocol === "https:" ? 443 : 80) : url.port);
  return (
    !established && ((port !== undefined && port !== own) || (hostname !== "" && hostname !== url.hostname))
  );
}

/** A connection that never stood, by Node's code for it. */
const unreached = (codes: string[], why: Kind["why"], hint = wrongName): Kind => ({
  is: ({ code, established }) => codes.includes(code) && !established,
  code: "unreachable",
  why,
  hint,
  sent: false,
});

/** A reply that undici's parser takes and undici doesn't: lengths that differ, a head beyond measure, an odd status. */
function isAgainstHttp({ code, message }: Failure): boolean {
  if (code === "UND_ERR_SOCKET") return message === "bad response" || message === "bad upgrade";
  return /^(UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|ERR_ASSERTION)$/.test(code);
}

/** The first that fits counts; the last one fits everything. */
const kinds: Kind[] = [
  {
    is: (failure, server) =>
      /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN)$/.test(failure.code) && isProxy(failure, server),
    code: "unreachable",
    why: (server, { code }) => `The proxy on the way to ${server} can't be reached (${code}).`,
    hint: "Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY.",
    sent: false,
  },
  unreached(
    ["ECONNREFUSED"],
    (server) => `${server} refuses the connection.`,
    "Is the server running? Start it, or name another with --server URL.",
  ),
  unreached(["ENOTFOUND"], (server) => `No server has the name in ${server}.`),
  unreached(["EAI_AGAIN"], (server) => `The name in ${server} can't be looked up now.`),
  unreached(["EHOSTUNREACH", "ENETUNREACH"], (server) => `There is no way to ${server} from here.`),
  unreached(["ETIMEDOUT"], (server) => `${server} didn't accept a connection in time.`),
  unreached(
    ["UND_ERR_CONNECT_TIMEOUT"],
    (server, _, { connect }) => `${server} didn't accept a connection within ${connect} s.`,
  ),
  {
    is: ({ code }) => /^(CERT_|ERR_TLS_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH)/.test(code),
    code: "unreachable",
    why: (server, { message }) => `${server} isn't trusted: ${oneLine(message, 160)}`,
    hint: "Check the address. For a certificate of your own authority set NODE_EXTRA_CA_CERTS to its file.",
    sent: false,
  },
  {
    // The other end may not speak TLS at all, or it hung up while the handshake was under way.
    is: ({ code, connecting }) => /^(EPROTO|ERR_SSL_)/.test(code) || (code === "ECONNRESET" && connecting),
    code: "unreachable",
    why: (server, { code }) => `No secure connection to ${server} (${code}).`,
    hint: "Check the address; a server without TLS is named with http:// in front.",
    sent: false,
  },
  {
    is: ({ code, message }) =>
      /^UND_ERR_(ABORTED|INVALID_ARG)$/.test(code) && /^Proxy .*\(407\)/.test(message),
    code: "unreachable",
    why: (server) => `The proxy on the way to ${server} doesn't know you (407).`,
    hint: "Put your name and password there into its address: http://NAME:PASSWORD@HOST:PORT in HTTP_PROXY or HTTPS_PROXY.",
    sent: false,
  },
  {
    is: ({ code, message }) => /^UND_ERR_ABORTED$/.test(code) && /^Proxy response \(\d+\)/.test(message),
    code: "unreachable",
    why: (server, { message }) =>
      `The proxy gives no way to ${server}: it answered ${/\d+/.exec(message)?.[0]}.`,
    hint: "Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY.",
    sent: false,
  },
  {
    is: ({ code, message }) => /^UND_ERR_(PRX_TLS|ABORTED|INVALID_ARG)$/.test(code) && /proxy/i.test(message),
    code: "unreachable",
    why: (server, { message }) => `The proxy gives no way to ${server}: ${oneLine(message, 160)}`,
    hint: "Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY.",
    sent: false,
  },
  {
    is: ({ code }) => code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT",
    code: "timeout",
    why: (server, _, { silence }) => `${server} said nothing for ${silence} s.`,
    hint: "Allow more time with --timeout SECONDS.",
    sent: true,
  },
  {
    is: ({ name }) => name === "HTTPParserError",
    code: "bad_reply",
    why: (server) => `What answers at ${server} doesn't speak HTTP.`,
    hint: "Check the address, and whether it begins with http:// or https://.",
    sent: true,
  },
  {
    is: ({ code }) => /^(Z_|ERR_BROTLI|ERR__ERROR_FORMAT|ERR_PADDING)/.test(code),
    code: "bad_reply",
    why: (server) => `What ${server} answered can't be unpacked.`,
    hint: "Try again; if it stays, tell whoever runs the server.",
    sent: true,
  },
  {
    is: isAgainstHttp,
    code: "bad_reply",
    why: (server) => `What ${server} answered breaks the rules of HTTP.`,
    hint: "Check that this is the address of a chat server; if it is, tell whoever runs it.",
    sent: true,
  },
];

const lost: Kind = {
  is: () => true,
  code: "unreachable",
  why: (server) => `The connection to ${server} was lost.`,
  hint: "Check your connection and the address, then try again.",
  sent: true,
};

const text = (error: Error, name: string): string => {
  const value: unknown = Reflect.get(error, name);
  return typeof value === "string" ? value : "";
};

/** Of a name with several addresses the first failure speaks for all. */
const portOf = (error: Error): number | undefined => {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const port: unknown = first instanceof Error ? Reflect.get(first, "port") : undefined;
  return typeof port === "number" ? port : undefined;
};

function read(error: unknown): Failure {
  const failed = error instanceof Error ? error : new Error("");
  return {
    name: failed.name,
    code: text(failed, "code"),
    message: failed.message,
    established: ["read", "write"].includes(text(failed, "syscall")),
    connecting: "host" in failed,
    hostname: text(failed, "hostname"),
    port: portOf(failed),
  };
}

/**
 * A failure of the network as the one error of this side: `interrupted`, `timeout`, `unreachable` or `bad_reply`, in
 * plain words that name the server, and whether a question may have been charged.
 */
export function networkError(error: unknown, attempt: Attempt): ClientError {
  if (error instanceof ClientError) return error;
  const charged = attempt.question ? "maybe" : "no";
  if (attempt.signal?.aborted === true)
    return new ClientError("interrupted", "Interrupted.", { charged, cause: error });
  const failure = read(error);
  const kind = kinds.find((candidate) => candidate.is(failure, attempt.server)) ?? lost;
  return new ClientError(kind.code, kind.why(attempt.server, failure, attempt), {
    hint: kind.hint,
    charged: kind.sent ? charged : "no",
    cause: error,
  });
}
