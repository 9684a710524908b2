import { randomUUID } from "node:crypto";
import { ClientError } from "../../../client/failure.ts";
import {
  ApiError,
  giveInFolder,
  giveInPostgres,
  type GrantReply,
  type GrantRequest,
} from "../../../server/local.ts";
import { asOwner } from "../../failures/as-owner.ts";
import type { Call } from "../../argv/call.ts";
import type { GrantDocument } from "./document.ts";
import { grantWords } from "../../../text/grant-words.ts";
import { counted, grouped } from "../../../text/numbers.ts";
import { repeatable } from "../../../text/repeatable.ts";
import { checkOneStore, storeDir } from "../../connection/server-config.ts";

type Reply = GrantReply | { kind: "no_store" } | { kind: "no_answer" };

/** The command to run again, with `options`. */
function typed({ program }: Pick<Call, "program">, { name, tokens }: GrantRequest, options = ""): string {
  return `${program.name} ${grantWords(name, tokens, options)}`;
}

function wordsOf({ words, program }: Pick<Call, "words" | "program">): { name: string; tokens: number } {
  const [name, amount] = words;
  const hint = `For instance: ${program.name} grant jane 4000`;
  if (name === undefined || amount === undefined || words.length > 2)
    throw new ClientError("usage", "grant takes a name and a number of tokens.", { hint });
  const tokens = /^\d{1,16}$/.test(amount) ? Number(amount) : Number.NaN;
  if (tokens > 0 && Number.isSafeInteger(tokens)) return { name, tokens };
  const most = grouped(Number.MAX_SAFE_INTEGER);
  throw new ClientError(
    "usage",
    `TOKENS must be a whole number from 1 to ${most}, in plain digits, not ${JSON.stringify(repeatable(amount).slice(0, 80))}.`,
    { hint },
  );
}

async function give(request: GrantRequest, call: Call): Promise<Reply> {
  const { values, places, output, signal } = call;
  if (values.store !== undefined) return giveInPostgres(values.store, request, { warn: output.note, signal });
  return giveInFolder(storeDir(values, places.server), request, output.note, values.ledgerKey);
}

type Given = Extract<Reply, { kind: "granted" | "repeated" }>;
const isGiven = (reply: Reply): reply is Given => reply.kind === "granted" || reply.kind === "repeated";

/** The store's name in messages. A Postgres address is never shown. */
const placeOf = ({ values, places }: Pick<Call, "values" | "places">) =>
  values.store === undefined ? storeDir(values, places.server) : "the database";

function refusal(reply: Exclude<Reply, Given>, request: GrantRequest, call: Call): ClientError {
  const place = placeOf(call);
  switch (reply.kind) {
    case "unknown_name":
      return new ClientError("usage", `There is no user ${JSON.stringify(request.name)} in ${place}.`, {
        hint:
          call.values.store === undefined
            ? `Check the name, or name another store: ${typed(call, request, "--data DIR")}`
            : `Check the name, then try again: ${typed(call, request)}`,
      });
    case "id_taken":
      return new ClientError(
        "idempotency_key_reused",
        `The id ${request.id} was already used for a grant of another account or amount. Nothing was given.`,
        { hint: `Use another --id, or none: ${typed(call, request)}` },
      );
    case "too_many":
      return new ClientError(
        "usage",
        `${reply.username} has ${counted(reply.tokens, "token")}, and no balance may be above ${grouped(Number.MAX_SAFE_INTEGER)}.`,
        { hint: "Give fewer." },
      );
    case "no_store":
      return new ClientError("usage", `There is no store in ${place}.`, {
        hint: `Name the folder of your server: ${typed(call, request, "--data DIR")}`,
      });
    case "no_answer":
      return new ClientError("timeout", `The server that uses ${place} doesn't answer.`, {
        hint: `Whether the tokens were given is not known. This gives them once in any case: ${typed(call, request, `--id ${request.id}`)}`,
      });
  }
}

function storeFailure(error: unknown, request: GrantRequest, call: Call): unknown {
  const id = call.values.id === undefined ? "" : ` --id ${call.values.id}`;
  if (!(error instanceof ApiError))
    return asOwner(error, (dir) => typed(call, request, `--data ${dir}${id}`));
  return new ClientError("store_unavailable", "The store cannot take the grant at the moment.", {
    hint: `Look at the free space of its disk, or at its database, then try again: ${typed(call, request, `--id ${request.id}`)}`,
    cause: error,
  });
}

/**
 * `grant NAME TOKENS`: gives tokens, in the store or through the server that runs on it
 * (docs/hosting.md#give-somebody-tokens).
 */
export async function grant(call: Call): Promise<void> {
  checkOneStore(call);
  const request = { ...wordsOf(call), id: call.values.id ?? randomUUID() };
  const reply = await give(request, call).catch((error: unknown) => {
    throw storeFailure(error, request, call);
  });
  if (!isGiven(reply)) throw refusal(reply, request, call);
  const { username, tokens } = reply;
  const granted = reply.kind === "granted" ? request.tokens : 0;
  const { output } = call;
  if (output.json) return output.document({ username, granted, tokens } satisfies GrantDocument);
  const what =
    reply.kind === "granted"
      ? `Gave ${username} ${counted(request.tokens, "token")}`
      : `Already granted: ${username} got ${counted(request.tokens, "token")} under the id ${request.id}`;
  await output.line(`${what}; the balance is ${grouped(tokens)}.`);
}
