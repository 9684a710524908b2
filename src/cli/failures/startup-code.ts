import type { ClientErrorCode } from "../../client/failure.ts";
import { BadSettings, NoAnswer, type StartupError } from "../../server/local.ts";

/** The code of a server or store that does not open. */
export function startupCode(error: StartupError): ClientErrorCode {
  if (error instanceof BadSettings) return "usage";
  return error instanceof NoAnswer ? "timeout" : "internal";
}
