import { ClientError } from "../../../client/failure.ts";
import { openCredentials, type Credentials, type Entry } from "../../../client/kept/credentials.ts";
import type { BalanceNow } from "../../../client/http/contract.ts";
import type { Call } from "../../argv/call.ts";
import type { ServersDocument } from "./document.ts";
import { checkServerKnown, serverName } from "../../connection/chosen-server.ts";
import { grouped } from "../../../text/numbers.ts";
import { connect } from "../../connection/target.ts";

/** Request timeout in seconds, so that one slow server does not delay the others. */
const SILENCE = 10;

interface Row {
  server: string;
  username: string | null;
  tokens: number | null;
  default: boolean;
}

/** The balance and the name at a server; null and none if they cannot be read. */
async function balanceAt(
  call: Call,
  credentials: Credentials,
  name: string,
  entry: Entry,
): Promise<Pick<BalanceNow, "tokens" | "username">> {
  const { token, scheme, given, username } = entry;
  const known = { token, scheme, given, username, from: "file" as const, expires: null };
  const values = { ...call.values, timeout: Math.min(call.values.timeout, SILENCE) };
  try {
    const target = await connect({ ...call, values }, { name, credentials, token: known });
    try {
      return await target.client.balance(call.signal);
    } finally {
      await target.close();
    }
  } catch {
    return { tokens: null };
  }
}

function table(rows: Row[]): string {
  const cells = rows.map(({ server, username, tokens, default: isDefault }) => [
    isDefault ? "*" : " ",
    server,
    username ?? "not known",
    tokens === null ? "balance not known" : `${grouped(tokens)} tokens`,
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ")).join("\n");
}

/** `servers`: lists every server with a token, its user and balance, and marks the default. */
export async function servers(call: Call): Promise<void> {
  checkServerKnown(call);
  const { output, places, signal } = call;
  const credentials = openCredentials({ dir: places.config });
  const usual = serverName(call);
  const kept = credentials.list();
  if (credentials.problem !== undefined)
    throw new ClientError("internal", `The saved logins cannot be read: ${credentials.problem}`, {
      hint: "Fix that, then try again.",
    });
  const rows = await Promise.all(
    kept.map(async ({ server, entry }) => {
      const { tokens, username = entry.username || null } = await balanceAt(call, credentials, server, entry);
      return { server, username, tokens, default: server === usual };
    }),
  );
  signal.throwIfAborted();
  if (output.json) return output.document(rows satisfies ServersDocument);
  if (rows.length > 0) await output.line(table(rows));
  else output.note(`You aren't logged in anywhere. Log in: ${call.program.name} login`);
}
