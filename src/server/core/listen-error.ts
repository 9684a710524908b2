import { StartupError } from "./startup-error.ts";

/** Where a server listens. */
export interface Place {
  host: string;
  port: number;
}

/** What asks for a place that differs from the one before in its host or its port. */
type Option = (place: Place, changed: keyof Place) => string;

const ofServer: Option = ({ host, port }, changed) =>
  changed === "port" ? `--port ${port}` : `--host ${host}`;

/** `host:port`, IPv6 in brackets. */
export const placeWords = ({ host, port }: Place): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`;

/**
 * A StartupError for what the operator can correct, by the system's code; else the error itself. `option` words the options
 * of the hint; by default, they are those of the server itself.
 */
export function listenError(
  error: Error & { code?: string },
  { host, port }: Place,
  option: Option = ofServer,
): Error {
  const startupError = (message: string, hint: string) => new StartupError(message, hint, error);
  const code = error.code ?? "";
  if (code === "EADDRINUSE") {
    const other = { host, port: port === 65535 ? 8000 : port + 1 };
    return startupError(
      `Port ${port} on ${host} is in use.`,
      `Stop the program that uses it, or take another port: ${option(other, "port")}`,
    );
  }
  if (code === "EACCES") {
    return startupError(
      `This user may not listen on port ${port}.`,
      `Ports below 1024 need privileges; take another one: ${option({ host, port: 8000 }, "port")}`,
    );
  }
  if (["ENOTFOUND", "EAI_AGAIN", "EADDRNOTAVAIL", "EINVAL"].includes(code)) {
    const [loopback, every] = ["127.0.0.1", "0.0.0.0"].map((host) => option({ host, port }, "host"));
    return startupError(
      `This machine has no address ${host}.`,
      `Listen on this machine alone with ${loopback}, or on every address with ${every}`,
    );
  }
  return error;
}
