import { errors } from "../../protocol/errors.ts";
import { ApiError } from "../core/api-error.ts";
import { ClientGone } from "../core/client-gone.ts";

/** Every code of a failure: those of the API, and what no reply has. */
export const FAILURES = [...Object.keys(errors), "client_left"];

/** The label of what a request failed with. */
export function failureLabel(error: unknown): string {
  if (error instanceof ClientGone) return "client_left";
  return error instanceof ApiError ? error.code : "internal_error";
}
