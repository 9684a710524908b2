import { ClientError } from "../../../client/failure.ts";
import { shellWord } from "../../../text/shell-word.ts";
import type { Call } from "../../argv/call.ts";
import { refusePassword } from "../../connection/server-config.ts";

const DUMP = "chat.dump";

const commandFor = (url: string) => ({
  backup: `pg_dump --format=custom --file=${DUMP} --dbname=${url}`,
  restore: `pg_restore --exit-on-error --single-transaction --dbname=${url} ${DUMP}`,
});

/** Throws `usage` if a database was named: backup and restore are for data folders. */
export function refuseDatabase(
  action: "backup" | "restore",
  { words, program, values, sources }: Call,
): void {
  const named = [...words.slice(1), ...(sources.store === "flag" ? [values.store ?? ""] : [])];
  const url = named.find((word) => /^postgres(ql)?:/i.test(word));
  if (url === undefined) return;
  refusePassword(url, `${program.name} store ${action}`);
  throw new ClientError("usage", `store ${action} is for data folders. Postgres has its own command.`, {
    hint: `Use it, with the password in PGPASSWORD: ${commandFor(shellWord(url))[action]}`,
  });
}
