import type { ServerConfig } from "./config.ts";
import { createLoginLimits, type CountGuess } from "./core/login-limits.ts";
import type { Counter } from "./core/ports.ts";
import { createLimit } from "./limits/limit.ts";

/** The limits on wrong passwords of a running server. `off` for the first turns all three off. */
export function openLoginLimits(
  config: () => Pick<ServerConfig, "limitLogin" | "limitLoginAddress" | "limitLoginStrangers">,
  isLimited: (address: string) => boolean,
  shared?: Counter,
): CountGuess {
  return createLoginLimits({
    login: createLimit({
      shared,
      name: "login",
      rate: () => config().limitLogin,
      detail: "Too many wrong passwords for this name from your address.",
    }),
    address: createLimit({
      shared,
      name: "login-address",
      rate: () => config().limitLogin && config().limitLoginAddress,
      detail: "Too many wrong passwords from your address.",
    }),
    strangers: createLimit({
      shared,
      name: "login-strangers",
      rate: () => config().limitLogin && config().limitLoginStrangers,
      detail: "Too many wrong passwords for this name. Log in from where it has logged in before, or wait.",
    }),
    isLimited,
  });
}
