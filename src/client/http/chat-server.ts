import { routes } from "../../protocol/routes.ts";
import { parsed, record } from "../../text/loose-json.ts";
import type { Reply, Transport } from "./transport.ts";

/** Longest time for finding out, in milliseconds. */
const PROBE_MS = 2000;

/** Whether it refuses a request for its lack of a token, as JSON. */
const refusesStranger = async (reply: Reply): Promise<boolean> =>
  (reply.status === 401 || reply.status === 403) && record(parsed(await reply.text(4096))) !== undefined;

/**
 * Whether the server has the chat of this API: it refuses a question without message and token as JSON. Nobody could be
 * charged for it.
 */
export async function hasChat(transport: Transport, signal?: AbortSignal): Promise<boolean> {
  return refusesStranger(await transport.send({ method: "POST", path: routes.chat, body: {}, signal }));
}

/**
 * Whether a chat server of this API answers there (docs/cli.md#your-own-server): it refuses to tell a balance without a
 * token, or does not have that path, and refuses a question.
 */
export async function isChatServer(transport: Transport): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(PROBE_MS);
    const reply = await transport.send({ method: "GET", path: routes.balance, signal });
    if (reply.status !== 404) return await refusesStranger(reply);
    await reply.text(0);
    return await hasChat(transport, signal);
  } catch {
    return false;
  }
}
