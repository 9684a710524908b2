import { ApiError } from "../core/api-error.ts";
import { ClientGone } from "../core/client-gone.ts";

/** The label of what a request failed with. */
export function failureLabel(error: unknown): string {
  if (error instanceof ClientGone) return "client_left";
  return error instanceof ApiError ? error.code : "internal_error";
}
