import type { ServerConfig } from "./config.ts";
import { counted } from "../text/numbers.ts";
import { isLoopbackHost } from "./core/loopback.ts";

type Settings = Pick<ServerConfig, "host" | "registration" | "startingTokens" | "models">;

/** What everybody may do at a server that listens beyond this machine; undefined if they may not. */
function openWords({ host, registration, startingTokens, models }: Settings): string | undefined {
  if (registration !== "open" || isLoopbackHost(host)) return undefined;
  const price = Math.min(...models.map((model) => model.price));
  if (startingTokens < price) return undefined;
  const questions =
    price === 0 ? "any number of questions" : counted(Math.floor(startingTokens / price), "question");
  return (
    `Everybody who can reach ${host} can register, and each new account can ask ${questions} at your expense. ` +
    "To let only invited people register: --registration invite"
  );
}

/** Warns where registration is open to strangers: at the start, and when a setting that was read again changes it. */
export function createOpenWarning() {
  let said: string | undefined;
  return (config: Settings & Pick<ServerConfig, "warn">): void => {
    const words = openWords(config);
    if (words !== undefined && words !== said) config.warn(words);
    said = words;
  };
}
