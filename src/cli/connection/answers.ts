import { createApiClient } from "../../client/http/api-client.ts";
import { ClientError } from "../../client/failure.ts";
import type { Call } from "../argv/call.ts";
import { proxyOpener } from "./dispatcher.ts";
import type { Target } from "./target.ts";

/** Rejects if the server sends no response. Error responses are accepted: the session handles them. */
export async function checkAnswers(
  { client, token }: Target,
  { env, signal }: Pick<Call, "env" | "signal">,
): Promise<void> {
  // The probe uses the same proxy as the session's client, and any reply will do: it does not search for the balance.
  const openDispatcher = token ? undefined : await proxyOpener(env);
  const balancePlace = { read: () => "", write: () => undefined };
  const probe = token
    ? client
    : createApiClient({ server: client.server, token: "none", silence: 10, openDispatcher, balancePlace });
  try {
    await probe.balance(signal);
  } catch (error) {
    if (!(error instanceof ClientError) || ["unreachable", "timeout", "interrupted"].includes(error.code))
      throw error;
  } finally {
    if (probe !== client) await probe.close();
  }
}
