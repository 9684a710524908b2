import { Pool, type buildConnector, type Dispatcher } from "undici";

/** undici gives its pools the function that connects. */
export type ProxyOptions = Pool.Options & { connect: buildConnector.connector };

/**
 * A failure of a proxy, and not of the server behind it. Its message completes "The proxy on the way to …". Recognized by
 * its code.
 */
class ProxyFailure extends Error {
  readonly code = "PROXY_FAILED";
}

/** What a connection to a proxy failed with. */
function failureOf(error: Error & { code?: unknown }): ProxyFailure {
  const code = typeof error.code === "string" ? error.code : error.name;
  const why = /^(CERT_|ERR_TLS_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/.test(code)
    ? `is not trusted (${code})`
    : `can't be reached (${code})`;
  return new ProxyFailure(why, { cause: error });
}

function statusFailure(status: number): ProxyFailure {
  return new ProxyFailure(status === 407 ? "requires a login (407)" : `refused to connect to it (${status})`);
}

const naming =
  (connect: buildConnector.connector): buildConnector.connector =>
  (options, done) =>
    connect(options, (...[error, socket]) => (error ? done(failureOf(error), null) : done(null, socket)));

type Connect = (options: Dispatcher.ConnectOptions) => Promise<Dispatcher.ConnectData>;

/** Connections to a proxy. Whatever fails before the server could get anything is a {@link ProxyFailure}. */
export function openProxyPool(origin: string | URL, { connect, ...options }: ProxyOptions): Pool {
  const pool = new Pool(origin, { ...options, connect: naming(connect) });
  const open: Connect = pool.connect.bind(pool);
  const tunnel: Connect = async (request) => {
    const data = await open(request).catch((error: Error) => {
      throw error instanceof ProxyFailure || error.name === "AbortError" ? error : failureOf(error);
    });
    if (data.statusCode === 200) return data;
    data.socket.on("error", () => {}).destroy();
    throw statusFailure(data.statusCode);
  };
  return Object.assign(pool, { connect: tunnel });
}
