import { Agent, Dispatcher, EnvHttpProxyAgent, Pool } from "undici";
import type { IdleLimits } from "../../client/http/connections.ts";
import { isLoopback } from "../../client/http/server-url.ts";

/** Addresses of proxies, "" for none, and the names that go straight, as curl reads them. */
export interface ProxySettings {
  http: string;
  https: string;
  none: string;
  /** Seconds that connecting may take. */
  connect: number;
  /** Of every connection; undici's own where not given. */
  limits?: IdleLimits;
}

/**
 * http targets in absolute form, https through CONNECT; loopback, and a scheme that has no proxy, go straight.
 * (EnvHttpProxyAgent alone sends https through the http proxy where https has none, and loopback through either.)
 */
export class Proxies extends Dispatcher {
  readonly #settings: ProxySettings;
  readonly #proxied: Dispatcher;
  readonly #straight: Dispatcher;

  constructor(settings: ProxySettings) {
    super();
    const { http: httpProxy, https: httpsProxy, none: noProxy, limits } = settings;
    // undici gives its proxied pools for http no other options than `connect`.
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
