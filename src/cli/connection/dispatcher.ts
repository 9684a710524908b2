import { ClientError } from "../../client/failure.ts";
import { connectTime, type IdleLimits } from "../../client/http/connections.ts";
import type { Dispatcher } from "undici";

type Env = Record<string, string | undefined>;

/** The lower-case name first, as curl has it; empty counts as unset. */
const named = (env: Env, name: string): string => env[name] || env[name.toUpperCase()] || "";

/** A proxy's address; curl takes one without its scheme too. */
const address = (proxy: string) =>
  proxy === "" || /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;

/** The proxies that the environment names, "" for none. */
export function proxiesIn(env: Env): { http: string; https: string; none: string } {
  const [http, https] = [address(named(env, "http_proxy")), address(named(env, "https_proxy"))];
  return { http, https, none: named(env, "no_proxy") };
}

/**
 * Opens the proxies that the environment names (docs/cli.md#proxies), or undefined where it names none: then nothing
 * is loaded.
 * `silence` is the server's longest, in seconds, which bounds connecting too. Throws where the address of a proxy is none.
 */
export async function proxyOpener(
  env: Env,
  silence = Infinity,
): Promise<((limits?: IdleLimits) => Dispatcher) | undefined> {
  const { http, https, none } = proxiesIn(env);
  if (http === "" && https === "") return undefined;
  for (const proxy of [http, https])
    if (proxy !== "" && !/^https?:$/.test(URL.canParse(proxy) ? new URL(proxy).protocol : ""))
      throw wrongProxy();
  const { Proxies } = await import("./proxies.ts");
  return (limits) => new Proxies({ http, https, none, connect: connectTime(silence), limits });
}

const wrongProxy = () =>
  new ClientError(
    "usage",
    "HTTP_PROXY or HTTPS_PROXY isn't the address of a proxy, such as http://proxy.example.org:3128.",
    {
      remedy: { kind: "check_proxy" },
    },
  );
