import type { ServerConfig } from "./config.ts";
import { isLoopbackHost } from "./core/loopback.ts";

type Settings = Pick<ServerConfig, "host" | "registration" | "startingTokens" | "models">;

/** What everybody may do at a server that listens beyond this machine; undefined if they may not. */
function openWords({ host, registration, startingTokens, models }: Settings): string | undefined {
  if (registration !== "open" || isLoopbackHost(host)) return undefined;
  const [{ price }] = models;
  const questions = price === 0 ? "questions without end" : `${Math.floor(startingTokens / price)} questions`;
  return (
    `Everybody who reaches ${host} may register, and each new account is ${questions} of your money ` +
    `(${startingTokens} tokens at ${price}). For accounts by invitation: --registration invite`
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
