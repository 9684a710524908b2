import { errors as undiciErrors } from "undici";
import { ClientError } from "./client-error.ts";
import { oneLine } from "./sanitize.ts";

/** What was under way when the network failed. */
export interface Attempt {
  server: string;
  /** Whether it is a question, which may have been charged once it was sent. */
  question: boolean;
  /** Seconds that the server may be silent. */
  silence: number;
  signal?: AbortSignal;
}

const refused = "Is the server running? Start it, or name another with --server URL.";
const wrongName = "Check the address and your connection, or name another with --server URL.";
const wrongCertificate =
  "Check the address. For a certificate of your own authority set NODE_EXTRA_CA_CERTS to its file.";

/** Failures before a connection stood: nothing was sent. Words for a person, by the code that Node gives. */
const unreached = new Map<string, { why: (server: string) => string; hint: string }>([
  ["ECONNREFUSED", { why: (server) => `${server} refuses the connection.`, hint: refused }],
  ["ENOTFOUND", { why: (server) => `No server has the name in ${server}.`, hint: wrongName }],
  ["EAI_AGAIN", { why: (server) => `The name in ${server} can't be looked up now.`, hint: wrongName }],
  ["EHOSTUNREACH", { why: (server) => `There is no way to ${server} from here.`, hint: wrongName }],
  ["ENETUNREACH", { why: (server) => `There is no way to ${server} from here.`, hint: wrongName }],
  ["ETIMEDOUT", { why: (server) => `${server} doesn't accept a connection.`, hint: wrongName }],
  [
    "UND_ERR_CONNECT_TIMEOUT",
    { why: (server) => `${server} didn't accept a connection in time.`, hint: wrongName },
  ],
  ["UND_ERR_PRX_TLS", { why: (server) => `The proxy gives no way to ${server}.`, hint: wrongName }],
]);

/** Node's and OpenSSL's names for a certificate that doesn't do; their messages are sentences. */
const aboutCertificate = /^(CERT_|ERR_TLS_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH)/;
/** A handshake that failed: the other end may not speak TLS at all. */
const aboutHandshake = /^(EPROTO|ERR_SSL_)/;

interface Failure {
  code: string;
  message: string;
  /** Node leaves the host on an error of a connection that was still being made. */
  connecting: boolean;
}

function read(error: unknown): Failure {
  if (!(error instanceof Error)) return { code: "", message: "", connecting: false };
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return { code, message: error.message, connecting: "host" in error };
}

/** Whether the connection was refused or broke before anything was sent on it: asking again costs nothing. */
const neverSent = (failure: Failure) => failure.code === "ECONNRESET" && failure.connecting;

/**
 * A failure of the network as the one error of this side: `interrupted`, `timeout`, `unreachable` or `bad_reply`, in
 * plain words that name the server, and whether a question may have been charged.
 */
export function networkError(error: unknown, attempt: Attempt): ClientError {
  if (error instanceof ClientError) return error;
  const { server } = attempt;
  const charged = attempt.question ? "maybe" : "no";
  if (attempt.signal?.aborted === true)
    return new ClientError("interrupted", "Interrupted.", { charged, cause: error });

  const failure = read(error);
  const early = unreached.get(failure.code);
  if (early) return new ClientError("unreachable", early.why(server), { hint: early.hint, cause: error });
  if (aboutCertificate.test(failure.code))
    return new ClientError("unreachable", `${server} isn't trusted: ${oneLine(failure.message, 160)}`, {
      hint: wrongCertificate,
      cause: error,
    });
  if (aboutHandshake.test(failure.code) || neverSent(failure))
    return new ClientError("unreachable", `No secure connection to ${server} (${failure.code}).`, {
      hint: "Check the address; a server without TLS is named with http:// in front.",
      cause: error,
    });
  if (error instanceof undiciErrors.HeadersTimeoutError || error instanceof undiciErrors.BodyTimeoutError)
    return new ClientError("timeout", `${server} said nothing for ${attempt.silence} s.`, {
      hint: "Give it longer with --timeout SECONDS.",
      charged,
      cause: error,
    });
  if (failure.code.startsWith("HPE_"))
    return new ClientError("bad_reply", `What answers at ${server} doesn't speak HTTP.`, {
      hint: "Check the address, and whether it begins with http:// or https://.",
      charged,
      cause: error,
    });
  if (failure.code === "UND_ERR_ABORTED" && /proxy/i.test(failure.message))
    return new ClientError(
      "unreachable",
      `The proxy gives no way to ${server}: ${oneLine(failure.message, 160)}`,
      {
        hint: "Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY.",
        cause: error,
      },
    );
  return new ClientError("unreachable", `The connection to ${server} was lost.`, {
    hint: "Check your connection, then ask again.",
    charged,
    cause: error,
  });
}
