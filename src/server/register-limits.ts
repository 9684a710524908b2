import type { Rate } from "../protocol/rate.ts";
import type { ServerConfig } from "./config.ts";
import type { Counter, Limit } from "./core/ports.ts";
import { createLimit } from "./limits/limit.ts";

/** Wrong codes of invitations from one address. */
const WRONG_CODES: Rate = { count: 20, seconds: 3600 };

/** Taken names that one address learns of: as many as it may try passwords. */
const TAKEN_NAMES: Rate = { count: 100, seconds: 3600 };

const uncounted = async () => {};

/** The limits on registrations of a running server, by the address that they come from. */
export function openRegisterLimits(
  config: () => Pick<ServerConfig, "limitRegister">,
  isLimited: (address: string) => boolean,
  shared?: Counter,
): { registrations: Limit; wrongCodes: Limit; takenNames: Limit } {
  const byAddress = (limit: Limit): Limit => ({
    ...limit,
    take: async (address) => (isLimited(address) ? limit.take(address) : uncounted),
  });
  return {
    registrations: byAddress(
      createLimit({
        shared,
        name: "register",
        rate: () => config().limitRegister,
        detail: "Too many accounts were made from your address.",
      }),
    ),
    wrongCodes: byAddress(
      createLimit({
        shared,
        name: "invite",
        rate: () => WRONG_CODES,
        detail: "Too many wrong codes of invitations came from your address.",
      }),
    ),
    takenNames: byAddress(
      createLimit({
        shared,
        name: "names",
        rate: () => TAKEN_NAMES,
        detail: "Too many names that are taken came from your address.",
      }),
    ),
  };
}
