import dns from "node:dns";
import { isIP } from "node:net";
import { vi } from "vitest";

/**
 * Makes every name lookup of this process fail except for `localhost`, until the returned function is called. Without a
 * network the resolver can be slow, and some networks return an address for every name.
 */
export function knowNoNames(): () => void {
  const real = dns.lookup as (...args: unknown[]) => void;
  const lookup = vi.spyOn(dns, "lookup" as never) as unknown as ReturnType<typeof vi.fn>;
  lookup.mockImplementation((name: string, ...rest: unknown[]) => {
    if (name === "localhost" || isIP(name) !== 0) return real(name, ...rest);
    const error = new Error(`getaddrinfo ENOTFOUND ${name}`);
    const done = rest.at(-1) as (error: Error) => void;
    process.nextTick(
      done,
      Object.assign(error, { code: "ENOTFOUND", syscall: "getaddrinfo", hostname: name }),
    );
  });
  return () => lookup.mockRestore();
}
