import { ClientError } from "../../client/failure.ts";
import { connectTime, type IdleLimits } from "../../client/http/connections.ts";
import type { Dispatcher } from "undici";
import { parseUrl } from "../../text/parse-url.ts";

type Env = Record<string, string | undefined>;

/** The lower-case name takes precedence, as in curl. An empty variable counts as unset. */
const named = (env: Env, name: string): string => env[name] || env[name.toUpperCase()] || "";

/** A proxy's address; as in curl, the scheme may be left out. */
const address = (proxy: string) =>
  proxy === "" || /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;

/** The proxies set in the environment; "" for none. `ALL_PROXY` stands for each that is not set. */
export function proxiesIn(env: Env): { http: string; https: string; none: string } {
  const none = named(env, "no_proxy");
  if (none.trim() === "*") return { http: "", https: "", none };
  const proxyOf = (name: string) => address(named(env, name) || named(env, "all_proxy"));
  return { http: proxyOf("http_proxy"), https: proxyOf("https_proxy"), none };
}

/**
 * Returns a factory for the dispatcher of the proxies set in the environment (docs/cli.md#proxies); undefined, without
 * loading undici, if none is set. `silence` is the request timeout in seconds; it also limits connecting. Throws if a
 * proxy's address is invalid.
 */
export async function proxyOpener(
  env: Env,
  silence = Infinity,
): Promise<((limits?: IdleLimits) => Dispatcher) | undefined> {
  const { http, https, none } = proxiesIn(env);
  if (http === "" && https === "") return undefined;
  for (const [name, proxy] of Object.entries({ http_proxy: http, https_proxy: https }))
    if (proxy !== "" && !/^https?:$/.test(parseUrl(proxy)?.protocol ?? ""))
      throw wrongProxy(named(env, name) === "" ? "ALL_PROXY" : name.toUpperCase());
  const { Proxies } = await import("./proxies.ts");
  return (limits) => new Proxies({ http, https, none, connect: connectTime(silence), limits });
}

const wrongProxy = (name: string) =>
  new ClientError(
    "usage",
    `${name} isn't the address of a proxy of http or https, such as http://proxy.example.org:3128.`,
    { remedy: { kind: "check_proxy" } },
  );
