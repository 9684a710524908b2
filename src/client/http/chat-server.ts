import { routes } from "../../protocol/routes.ts";
import { parsed, record } from "../../text/loose-json.ts";
import type { Transport } from "./transport.ts";

/** Longest time for finding out, in milliseconds. */
const PROBE_MS = 2000;

/**
 * Whether a chat server of this API answers there (docs/cli.md#servers: `token_balance` without a token → 401/403
 * JSON).
 */
export async function isChatServer(transport: Transport): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(PROBE_MS);
    const reply = await transport.send({ method: "GET", path: routes.balance, signal });
    const body = parsed(await reply.text(4096));
    return (reply.status === 401 || reply.status === 403) && record(body) !== undefined;
  } catch {
    return false;
  }
}
