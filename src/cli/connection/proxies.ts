import { Agent, Dispatcher, EnvHttpProxyAgent, Pool } from "undici";
import type { IdleLimits } from "../../client/http/connections.ts";
import { isLoopback } from "../../client/http/server-url.ts";

/** Proxy addresses ("" for none) and the hosts to reach directly, in curl's format. */
export interface ProxySettings {
  http: string;
  https: string;
  none: string;
  /** Connect timeout in seconds. */
  connect: number;
  /** Limits of every connection; default: undici's. */
  limits?: IdleLimits;
}

/**
 * Sends http requests in absolute form and https through CONNECT. Loopback, and a scheme without a proxy, are reached
 * directly: EnvHttpProxyAgent alone would send https through the http proxy if there is no https proxy, and loopback
 * through either.
 */
export class Proxies extends Dispatcher {
  readonly #settings: ProxySettings;
  readonly #proxied: Dispatcher;
  readonly #straight: Dispatcher;

  constructor(settings: ProxySettings) {
    super();
    const { http: httpProxy, https: httpsProxy, none: noProxy, limits } = settings;
    // undici passes only `connect` to its pools for http proxies.
    const factory = (origin: string | URL, options: object) => new Pool(origin, { ...options, ...limits });
    const shared = { connect: { timeout: settings.connect * 1000 }, factory };
    this.#settings = settings;
    this.#proxied = new EnvHttpProxyAgent({ httpProxy, httpsProxy, noProxy, proxyTunnel: false, ...shared });
    this.#straight = new Agent(shared);
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { protocol, hostname } = new URL(String(options.origin));
    const proxy = protocol === "https:" ? this.#settings.https : this.#settings.http;
    const isHere = isLoopback(hostname) || hostname.endsWith(".localhost");
    return (proxy === "" || isHere ? this.#straight : this.#proxied).dispatch(options, handler);
  }

  override async close(): Promise<void> {
    await Promise.all([this.#proxied.close(), this.#straight.close()]);
  }

  override async destroy(): Promise<void> {
    await Promise.all([this.#proxied.destroy(), this.#straight.destroy()]);
  }
}
