import type { ServerConfig } from "./config.ts";
import type { Limit } from "./core/ports.ts";
import { createLimit } from "./limits/limit.ts";

const uncounted = async () => {};

/** The limit on registrations of a running server, by the address that they come from. */
export function openRegisterLimit(
  config: () => Pick<ServerConfig, "limitRegister">,
  isLimited: (address: string) => boolean,
): Limit {
  const limit = createLimit({
    name: "register",
    rate: () => config().limitRegister,
    detail: "Too many accounts were made from your address. Try again later.",
  });
  return {
    ...limit,
    take: async (address) => (isLimited(address) ? limit.take(address) : uncounted),
  };
}
