import { ClientError } from "../../client/failure.ts";
import {
  ApiError,
  operateInFolder,
  operateInPostgres,
  type OperatorReply,
  type OperatorRequest,
} from "../../server/local.ts";
import { commandWords } from "../../text/command-words.ts";
import { shellWord } from "../../text/shell-word.ts";
import type { Call } from "../argv/call.ts";
import { optionNamed, type OptionName } from "../argv/options.ts";
import { asOwner } from "../failures/as-owner.ts";
import { storeDir } from "./server-config.ts";

/** The store's name in messages. A Postgres address is never shown. */
export const storeName = ({ values, places }: Pick<Call, "values" | "places">): string =>
  values.store === undefined ? storeDir(values, places.server) : "the database";

const repeated = ["config", "data", "ledgerKey", "id", "reason", "by", "yes"] as const satisfies OptionName[];

/** The command to run again, with the options that were given and with `more`, which replaces those of the same flags. */
export function sameCommand({ program, command, words, values, sources }: Call, more = ""): string {
  const given = repeated.flatMap((name) => {
    const flag = `--${optionNamed(name).flag}`;
    if (sources[name] !== "flag" || more.startsWith(`${flag} `)) return [];
    return [values[name] === true ? flag : `${flag} ${shellWord(String(values[name]))}`];
  });
  return `${program.name} ${commandWords(command, words, [...given, more].join(" ").trim())}`;
}

/** What a command says if it is not known whether its request was handled. */
type Doubt = (call: Call) => string;

const once: Doubt = (call) =>
  `Whether it was done is not known. This does it once in any case: ${sameCommand(call)}`;

/**
 * Asks the store, or the server that runs on it, to do what an operator asks. Throws `ClientError` or `StartupError` if
 * none does it.
 */
export async function operate(
  request: OperatorRequest,
  call: Call,
  doubt: Doubt = once,
): Promise<OperatorReply> {
  const { values, places, output, signal } = call;
  const opening = { warn: output.note, signal };
  const reply = await (
    values.store === undefined
      ? operateInFolder(storeDir(values, places.server), request, output.note, values.ledgerKey)
      : operateInPostgres(values.store, request, opening)
  ).catch((error: unknown) => {
    throw failure(error, call);
  });
  if (!("kind" in reply)) return reply;
  const place = storeName(call);
  if (reply.kind === "no_answer")
    throw new ClientError("timeout", `The server that uses ${place} doesn't answer.`, { hint: doubt(call) });
  throw new ClientError("usage", `There is no store in ${place}.`, {
    hint: `Name the folder of your server: ${sameCommand(call, "--data DIR")}`,
  });
}

function failure(error: unknown, call: Call): unknown {
  if (!(error instanceof ApiError)) return asOwner(error, (dir) => sameCommand(call, `--data ${dir}`));
  return new ClientError("store_unavailable", "The store cannot do this at the moment.", {
    hint: `Look at the free space of its disk, or at its database, then try again: ${sameCommand(call)}`,
    cause: error,
  });
}
