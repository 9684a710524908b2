import { ApiError } from "../../core/api-error.ts";
import { OtherVersion, StartupError } from "../../core/startup-error.ts";
import { errorCode } from "../../../disk/errors.ts";
import { keyNeeded, wrongKey, type LedgerKey } from "./key.ts";
import type { OperatorFailure } from "./operator.ts";

/** Milliseconds for retries after a lost response, or when another process took the folder first. */
export const TIMEOUT = 10_000;
/** Milliseconds between two tries. */
export const PAUSE = 50;

/** Turns the error of a file call in the folder into a `StartupError`. */
export const unreadable =
  (dir: string) =>
  (error: unknown): never => {
    if (error instanceof StartupError) throw error;
    throw new StartupError(
      `The folder ${dir} cannot be read (${errorCode(error) ?? "unknown error"}).`,
      "Check its owner and mode. Run this command as the user that runs the server.",
      error,
    );
  };

/** See {@link otherVersion}. */
export const UNKNOWN_ANSWER = "This version of ai-chat does not know its answer.";

/** What the process that holds the folder says about its failure, as an error. */
export function refusalOf({ code, detail }: OperatorFailure, key: LedgerKey | undefined): Error {
  if (code === "store_unavailable") return new ApiError("store_unavailable", detail);
  if (code === "key") return key ? wrongKey() : keyNeeded();
  return otherVersion(detail);
}

/** The process that holds the folder and this one do not understand each other. */
export const otherVersion = (detail: string) =>
  new OtherVersion(
    `The server that runs on the folder could not do this. ${detail}`,
    "Stop that server, then try again; or use the ai-chat that it was started with.",
  );
