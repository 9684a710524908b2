import { ClientError } from "../failure.ts";
import { routes } from "../../protocol/routes.ts";
import { parsed, record, told } from "../../text/loose-json.ts";
import type { Reply } from "./transport.ts";

/** Where servers that lack the documented endpoint have the balance (docs/cli.md#other-servers). */
const otherPlaces = ["/api/tokens", "/api/balance", "/api/token", "/api/token-balance"];

/** What servers call the balance. */
const fields = ["tokens", "balance", "tokens_left", "token_balance"];

/** Where the path that was found is kept between runs; "" if there was none. A failed write does not fail the call. */
export interface BalancePlace {
  read(): string | undefined;
  write(path: string): unknown;
}

const BALANCE_BYTES = 64 * 1024;

/** The balance in a reply's body. */
export const balanceIn = (body: Record<string, unknown> | undefined): number | null =>
  fields.map((field) => told(body?.[field])).find((tokens) => tokens !== null) ?? null;

/**
 * Requests a balance by `get`: where it was found before, else at the documented path. Where that is 404, the other
 * places are tried, once for a server (docs/cli.md#balance-of-other-servers). Resolves to the reply that tells it;
 * undefined if none does.
 */
export function createBalanceSearch(
  get: (path: string, signal?: AbortSignal) => Promise<Reply>,
  kept?: BalancePlace,
): (signal?: AbortSignal) => Promise<Reply | undefined> {
  let place = kept?.read();
  if (place !== "" && !otherPlaces.includes(place ?? "")) place = undefined;

  const keep = async (path: string) => {
    place = path;
    await Promise.resolve(kept?.write(path)).catch(() => undefined);
  };

  /** `passing`: the server may have it: it fails for a moment, or refuses this token. */
  const lookAt = async (path: string, signal?: AbortSignal): Promise<Reply | "none" | "passing"> => {
    try {
      const reply = await get(path, signal);
      const text = await reply.text(BALANCE_BYTES);
      const isTold = reply.status === 200 && balanceIn(record(parsed(text))) !== null;
      if (isTold) return { ...reply, text: async () => text };
      return [401, 429].includes(reply.status) || reply.status >= 500 ? "passing" : "none";
    } catch (error) {
      // A redirect to another server, where nothing is sent.
      if (error instanceof ClientError && error.remedy?.kind === "use_server") return "none";
      throw error;
    }
  };

  const search = async (signal?: AbortSignal): Promise<Reply | undefined> => {
    let isPassing = false;
    for (const path of otherPlaces) {
      const found = await lookAt(path, signal);
      if (typeof found === "object") {
        await keep(path);
        return found;
      }
      isPassing ||= found === "passing";
    }
    if (!isPassing) await keep("");
    return undefined;
  };

  return async (signal) => {
    for (const path of place ? [place, routes.balance] : [routes.balance]) {
      const reply = await get(path, signal);
      if (reply.status !== 404 && !(path === place && reply.status === 405)) return reply;
      await reply.text(0);
    }
    return place === "" ? undefined : search(signal);
  };
}
