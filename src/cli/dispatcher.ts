import type { Dispatcher } from "undici";

type Env = Record<string, string | undefined>;

/** Milliseconds that connecting may take (CLI.md §1). */
const CONNECT = 10_000;

/** The lower-case name first, as curl has it; empty counts as unset. */
const proxyFor = (env: Env, name: string): string => env[name] || env[name.toUpperCase()] || "";

function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname.startsWith("127.") ||
    hostname === "[::1]"
  );
}

/**
 * The way through the proxies that the environment names (CLI.md §1), or undefined where it names none: then nothing
 * is loaded. http targets are asked in absolute form, https through CONNECT; loopback, and a scheme without a proxy of
 * its own, go straight. Whoever opens it closes it.
 */
export async function openDispatcher(env: Env): Promise<Dispatcher | undefined> {
  const [httpProxy, httpsProxy] = [proxyFor(env, "http_proxy"), proxyFor(env, "https_proxy")];
  if (httpProxy === "" && httpsProxy === "") return undefined;
  const { Agent, Dispatcher, EnvHttpProxyAgent } = await import("undici");
  const connect = { timeout: CONNECT };
  const noProxy = proxyFor(env, "no_proxy");
  const proxied = new EnvHttpProxyAgent({ httpProxy, httpsProxy, noProxy, proxyTunnel: false, connect });
  const straight = new Agent({ connect });

  /** EnvHttpProxyAgent sends https through HTTP_PROXY where HTTPS_PROXY is missing, and loopback through either. */
  class Proxies extends Dispatcher {
    override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
      const { protocol, hostname } = new URL(String(options.origin));
      const proxy = protocol === "https:" ? httpsProxy : httpProxy;
      return (proxy === "" || isLoopback(hostname) ? straight : proxied).dispatch(options, handler);
    }
    override async close(): Promise<void> {
      await Promise.all([proxied.close(), straight.close()]);
    }
    override async destroy(): Promise<void> {
      await Promise.all([proxied.destroy(), straight.destroy()]);
    }
  }
  return new Proxies();
}
