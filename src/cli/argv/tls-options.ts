import { FILLED, filled, text } from "./option.ts";

/** Rejects the content of such a file, which would be in argv or the environment. */
function path(typed: string): string {
  if (!typed.includes("-----BEGIN")) return filled(typed);
  throw new Error("the path of a file, not its content");
}

/** The options for TLS (docs/server.md#tls). */
export const tlsOptions = {
  tlsCert: text(
    {
      flag: "tls-cert",
      value: "FILE",
      env: ["AI_CHAT_TLS_CERT"],
      names: "file",
      secret: true,
      pattern: FILLED,
      help: "certificate and its chain, in PEM: listen with TLS",
    },
    path,
  ),
  tlsKey: text(
    {
      flag: "tls-key",
      value: "FILE",
      env: ["AI_CHAT_TLS_KEY"],
      names: "file",
      secret: true,
      pattern: FILLED,
      help: "private key of the certificate, in PEM",
    },
    path,
  ),
};
