import { extensions, routes, type Extension } from "../../protocol/routes.ts";
import type { ChatLimits } from "../../protocol/chat-limits.ts";
import { registrations } from "../../protocol/replies.ts";
import { MODEL_CHARACTERS } from "../../protocol/limits.ts";
import type { ModelOffer, Offer } from "./contract.ts";
import { parsed, record, told } from "../../text/loose-json.ts";
import { oneLine } from "../../text/sanitize.ts";
import { replyError } from "./reply-error.ts";
import type { Reply, Transport } from "./transport.ts";

/** An offer as it is kept between runs: one a server, good for 24 h (docs/cli.md#server-information). */
export interface KeptOffer {
  /** When it was requested, in milliseconds since the epoch. */
  at: number;
  extensions: string[];
  price: number | null;
  model: string | null;
  /** The `limits` of `GET /api/`, unchecked; absent if it has none. */
  limits?: unknown;
  /** The `registration` of `GET /api/`, unchecked; absent if it has none. */
  registration?: unknown;
  /** The list of `GET /api/models/`, unchecked; absent if the server does not offer `models`. */
  models?: unknown[];
}

/** Where a server's offer is kept between runs. A failed write does not fail a question. */
export interface OfferCache {
  read(): KeptOffer | undefined;
  write(offer: KeptOffer): unknown;
}

/** How long an offer is used, in milliseconds. */
const GOOD_FOR = 24 * 60 * 60 * 1000;
/** Seconds. `GET /api/` is optional, so it does not wait as long as an answer does. */
const SILENCE = 10;
const OFFER_BYTES = 256 * 1024;

const known: ReadonlySet<string> = new Set(extensions);

/** Whether a kept offer is still used at `now`, in milliseconds since the epoch. */
export const isFresh = (offer: KeptOffer | undefined, now: number): offer is KeptOffer =>
  offer !== undefined && Math.abs(now - offer.at) < GOOD_FOR;

const isExtension = (name: unknown): name is Extension => typeof name === "string" && known.has(name);

/** The offer of a server without `GET /api/`. */
export const noOffer: Offer = { extensions: new Set(), price: null, model: null, models: [] };

/** A kept offer, checked: people may have edited the file. */
export const fromKept = (kept: KeptOffer): Offer => ({
  extensions: new Set(Array.isArray(kept.extensions) ? kept.extensions.filter(isExtension) : []),
  price: told(kept.price),
  model: typeof kept.model === "string" ? oneLine(kept.model, 100) : null,
  limits: limitsOf(kept.limits),
  registration: registrations.find((one) => one === kept.registration),
  models: (kept.models ?? []).flatMap(modelOf),
});

function modelOf(value: unknown): ModelOffer[] {
  const model = record(value);
  const name = typeof model?.name === "string" ? oneLine(model.name, MODEL_CHARACTERS) : "";
  // A name that is not shown as it is sent could be taken for another.
  if (name === "" || name !== model?.name) return [];
  const { price, default: isDefault, limits, images } = model;
  const takes = images === true ? { images } : {};
  return [{ name, price: told(price), isDefault: isDefault === true, limits: limitsOf(limits), ...takes }];
}

/** Undefined unless all of them are told. */
function limitsOf(value: unknown): ChatLimits | undefined {
  const limits = record(value);
  const [message, context, turns] = [told(limits?.message), told(limits?.context), told(limits?.turns)];
  return message === null || context === null || turns === null ? undefined : { message, context, turns };
}

/** Any other reply than a JSON object with an array `extensions` offers nothing. */
async function read(reply: Reply): Promise<Omit<KeptOffer, "at">> {
  const body = reply.status === 200 ? record(parsed(await reply.text(OFFER_BYTES))) : undefined;
  if (!body || !Array.isArray(body.extensions)) return { extensions: [], price: null, model: null };
  return {
    extensions: body.extensions.filter(isExtension),
    price: told(body.price),
    model: typeof body.model === "string" ? oneLine(body.model, 100) : null,
    ...(body.limits !== undefined && { limits: body.limits }),
    ...(typeof body.registration === "string" && { registration: oneLine(body.registration, 100) }),
  };
}

/** A temporary failure of the server, or of a gateway before it: its offer stays unknown. */
const isPassing = (status: number) => [429, 502, 503, 504].includes(status);

async function readModels(reply: Reply): Promise<unknown[]> {
  const body = reply.status === 200 ? record(parsed(await reply.text(OFFER_BYTES))) : undefined;
  return Array.isArray(body?.models) ? body.models : [];
}

/**
 * What a server offers beyond the four endpoints: requested once, kept 24 h; `anew` requests it again. The function
 * rejects with `ClientError` if the server can't be reached or fails for a moment; any other reply gives an offer.
 */
export function createOffer(
  transport: Transport,
  { cache, now }: { cache?: OfferCache; now: () => number },
): (signal?: AbortSignal, anew?: boolean) => Promise<Offer> {
  let kept: KeptOffer | undefined;

  const get = async (path: string, signal: AbortSignal | undefined) => {
    const reply = await transport.send({ method: "GET", path, signal, silence: SILENCE });
    if (isPassing(reply.status)) throw await replyError(reply, "balance", { secrets: [], now: now() });
    return reply;
  };

  return async (signal, anew = false) => {
    if (!anew) {
      if (!isFresh(kept, now())) kept = cache?.read();
      if (isFresh(kept, now())) return fromKept(kept);
    }
    const reply = await get(routes.about, signal);
    const fresh: KeptOffer = { at: now(), ...(await read(reply)) };
    if (fresh.extensions.includes("models"))
      fresh.models = await readModels(await get(routes.models, signal));
    if (reply.status >= 500) return fromKept(fresh);
    kept = fresh;
    await Promise.resolve(cache?.write(fresh)).catch(() => undefined);
    return fromKept(fresh);
  };
}
