import { ClientError } from "../../client/failure.ts";
import {
  ApiError,
  NoStore,
  openOperator,
  type Opening,
  type OperatorReply,
  type OperatorRequest,
  type StorePlace,
} from "../../server/local.ts";
import type { Call } from "../argv/call.ts";
import { asOwner } from "../failures/as-owner.ts";
import { sameCommand } from "./same-command.ts";
import { checkOneStore, storeDir } from "./server-config.ts";

/** Asks the store, or the server that runs on it. Throws `ClientError` or `StartupError` if neither does it. */
export type Ask = (request: OperatorRequest) => Promise<OperatorReply>;

/** The store's name in messages. A Postgres address is never shown. */
export const storeName = ({ values, places }: Pick<Call, "values" | "places">): string =>
  values.store === undefined ? storeDir(values, places.server) : "the database";

/** What to do when it is not known whether a request was handled. Every request can be repeated. */
export type Doubt = (call: Call) => string;

const once: Doubt = (call) =>
  `Whether it was done is not known. This does it once in any case: ${sameCommand(call)}`;

function placeOf({ values, places }: Call): StorePlace {
  if (values.store !== undefined) return { kind: "postgres", url: values.store };
  return { kind: "json", dir: storeDir(values, places.server), ledgerKey: values.ledgerKey };
}

/** Does work with a place in the store, and adds to its failures what to do. */
export async function reading<T>(
  call: Call,
  work: (place: StorePlace, opening: Opening) => Promise<T>,
): Promise<T> {
  checkOneStore(call);
  try {
    return await work(placeOf(call), { warn: call.output.note, signal: call.signal });
  } catch (error) {
    throw failure(error, call);
  }
}

/**
 * Does work with somebody to ask: the server that runs on the folder or, without one, the store itself, which stays open
 * for all requests.
 */
export const operate = <T>(call: Call, work: (ask: Ask) => Promise<T>, doubt: Doubt = once): Promise<T> =>
  reading(call, async (place, opening) => {
    const operator = await openOperator(place, opening);
    try {
      return await work(async (request) => {
        const reply = await operator.ask(request).catch((error: unknown) => {
          throw error instanceof ApiError ? unavailable(error, doubt(call)) : error;
        });
        if ("kind" in reply) throw reply.kind === "no_store" ? noStore(call) : noAnswer(call, doubt);
        return reply;
      });
    } finally {
      await operator.close();
    }
  });

const noAnswer = (call: Call, doubt: Doubt) =>
  new ClientError("timeout", `The process that uses ${storeName(call)} doesn't answer.`, {
    hint: doubt(call),
  });

const noStore = (call: Call) =>
  new ClientError("usage", `There is no store in ${storeName(call)}.`, {
    hint: `Name the folder of your server: ${sameCommand(call, "--data DIR")}`,
  });

function failure(error: unknown, call: Call): unknown {
  if (error instanceof NoStore) return noStore(call);
  if (!(error instanceof ApiError)) return asOwner(error, (dir) => sameCommand(call, `--data ${dir}`));
  return unavailable(error, `Then try again: ${sameCommand(call)}`);
}

const unavailable = (cause: ApiError, then: string) =>
  new ClientError("store_unavailable", "The store cannot do this at the moment.", {
    hint: `Look at the free space of its disk, or at its database. ${then}`,
    cause,
  });
