import { readFile } from "node:fs/promises";
import { errorCode } from "../../../disk/errors.ts";
import { ClientError } from "../../../client/failure.ts";
import { findAccount, foldName, listAccounts, type AccountRow } from "../../../server/local.ts";
import type { Call } from "../../argv/call.ts";
import { isDeleted, unknownNames } from "../../connection/books.ts";
import { reading } from "../../connection/operate.ts";
import { decoded, readText } from "../../io/stdin.ts";
import { amountOf } from "./amount.ts";

/** From this number of names on, all accounts are listed, instead of one being looked up after the other. */
const MANY = 5;

/** Who gets tokens, as it was typed. `one`: a single NAME. */
export interface Asked {
  names: readonly string[] | "all";
  one: boolean;
  tokens: number;
}

async function readTextFile(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new ClientError(
      "usage",
      `The file ${file} cannot be read (${errorCode(error) ?? "unknown error"}).`,
      { hint: "Name a file that has one name on each line, or - for stdin.", cause: error },
    );
  });
  return decoded(bytes, `in ${file}`);
}

/** Text of a list of names, of which blank lines count as nothing. */
async function listedIn(file: string, call: Call): Promise<string[]> {
  const { stdin, signal, output, values } = call;
  const onSlow = () => output.note("Waiting for names on stdin.");
  const isStdin = file === "-";
  if (isStdin && values.noStdin)
    throw new ClientError("usage", "--file - reads stdin, and --no-stdin forbids it.", {
      hint: "Leave one of them out.",
    });
  const content = isStdin ? await readText({ stream: stdin, signal, onSlow }) : await readTextFile(file);
  const names = content
    .split(/[\r\n]/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (names.length > 0) return names;
  throw new ClientError("usage", `There is no name in ${isStdin ? "stdin" : file}.`, {
    hint: "It has one name on each line.",
  });
}

/** Reads the words, and the file of `--file`. Throws `usage`. */
export async function askedOf(call: Call): Promise<Asked> {
  const { words, values, program } = call;
  const hint = `For instance: ${program.name} grant jane 4000`;
  const wrong = (message: string) => new ClientError("usage", message, { hint });
  const names = words.slice(0, -1);
  const amount = words.at(-1);
  if (values.all && values.file !== undefined) throw wrong("--all and --file cannot go together.");
  const elsewhere = values.all ? "--all" : values.file === undefined ? undefined : "--file";
  if (elsewhere !== undefined && (amount === undefined || names.length > 0))
    throw wrong(`With ${elsewhere}, grant takes a number of tokens and no names.`);
  if (elsewhere === undefined && names.length === 0)
    throw wrong("grant takes a name and a number of tokens.");
  const tokens = amountOf(amount ?? "", hint);
  if (values.all) return { names: "all", one: false, tokens };
  if (values.file !== undefined) return { names: await listedIn(values.file, call), one: false, tokens };
  return { names, one: names.length === 1, tokens };
}

/** The accounts of these names, each once. Throws `usage` with the names that no account has. */
export async function recipients({ names }: Asked, call: Call): Promise<AccountRow[]> {
  const rows = await reading(call, async (place, opening) => {
    if (names === "all" || names.length > MANY) return listAccounts(place, { ...opening, changes: true });
    const found = [];
    for (const name of names) found.push(await findAccount(place, name, { ...opening, changes: true }));
    return found.filter((row) => row !== undefined);
  });
  const accounts = rows.filter((row) => !isDeleted(row));
  if (names === "all") return accounts.filter(({ disabled }) => !disabled);
  const byName = new Map(accounts.map((row) => [foldName(row.username), row]));
  const unknown = names.filter((name) => !byName.has(foldName(name)));
  if (unknown.length > 0) throw unknownNames([...new Set(unknown)], call);
  return [...new Set(names.flatMap((name) => byName.get(foldName(name)) ?? []))];
}
