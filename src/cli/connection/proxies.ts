import { Agent, Dispatcher, Pool, ProxyAgent } from "undici";
import type { IdleLimits } from "../../client/http/connections.ts";
import { isLoopback } from "../../client/http/server-url.ts";
import { isExcepted } from "./no-proxy.ts";
import { openProxyPool, type ProxyOptions } from "./proxy-pool.ts";

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
 * directly.
 */
export class Proxies extends Dispatcher {
  readonly #settings: ProxySettings;
  readonly #http: Dispatcher | undefined;
  readonly #https: Dispatcher | undefined;
  readonly #straight: Dispatcher;

  constructor(settings: ProxySettings) {
    super();
    const { http, https, limits } = settings;
    const tls = { timeout: settings.connect * 1000 };
    const proxied = (uri: string) => {
      if (uri === "") return undefined;
      const { origin } = new URL(uri);
      return new ProxyAgent({
        uri,
        proxyTunnel: false,
        proxyTls: tls,
        requestTls: tls,
        clientFactory: (proxy, options) => openProxyPool(proxy, options as ProxyOptions),
        // undici passes only `connect` to its pools for http proxies.
        factory: (to: string | URL, options: object) => {
          const all = { ...options, ...limits } as ProxyOptions;
          return new URL(to).origin === origin ? openProxyPool(to, all) : new Pool(to, all);
        },
      });
    };
    this.#settings = settings;
    this.#http = proxied(http);
    this.#https = https === http ? this.#http : proxied(https);
    this.#straight = new Agent({
      connect: tls,
      factory: (origin: string | URL, options: object) => new Pool(origin, { ...options, ...limits }),
    });
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { protocol, hostname, port } = new URL(String(options.origin));
    const isTls = protocol === "https:";
    const at = { hostname, port: port === "" ? (isTls ? 443 : 80) : Number(port) };
    const isHere = isLoopback(hostname) || hostname.endsWith(".localhost");
    const isDirect = isHere || isExcepted(this.#settings.none, at);
    const proxy = isDirect ? undefined : isTls ? this.#https : this.#http;
    return (proxy ?? this.#straight).dispatch(options, handler);
  }

  get #all(): Dispatcher[] {
    return [...new Set([this.#http, this.#https, this.#straight])].filter((one) => one !== undefined);
  }

  override async close(): Promise<void> {
    await Promise.all(this.#all.map((one) => one.close()));
  }

  override async destroy(): Promise<void> {
    await Promise.all(this.#all.map((one) => one.destroy()));
  }
}
