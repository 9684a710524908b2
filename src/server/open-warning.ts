import { counted, grouped } from "../text/numbers.ts";
import type { ServerConfig } from "./config.ts";
import { isLoopbackHost } from "./core/loopback.ts";

type Settings = Pick<ServerConfig, "host" | "registration" | "startingTokens" | "models">;

/** What everybody may do at a server that listens beyond this machine; undefined if they may not. */
function openWords({ host, registration, startingTokens, models }: Settings): string | undefined {
  if (registration !== "open" || isLoopbackHost(host)) return undefined;
  const price = Math.min(...models.map((model) => model.price));
  if (startingTokens < price) return undefined;
  const questions =
    price === 0 ? "questions without end" : counted(Math.floor(startingTokens / price), "question");
  return (
    `Everybody who reaches ${host} may register, and each new account is ${questions} of your money ` +
    `(${counted(startingTokens, "token")} at ${grouped(price)}). For accounts by invitation: --registration invite`
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
