import { ClientError } from "../../../client/failure.ts";
import type { BalanceNow } from "../../../client/http/contract.ts";
import type { Call } from "../../argv/call.ts";
import type { WhoamiDocument } from "./document.ts";
import { grouped } from "../../../text/numbers.ts";
import type { KnownToken } from "../../../session/connection.ts";
import { isKeyLike } from "../../../protocol/api-key.ts";
import { withTarget } from "../../connection/target.ts";

const dayOf = (expires: number) => new Date(expires).toISOString().slice(0, 16).replace("T", " ");

function lines(
  server: string,
  tokens: number | null,
  { token, username, from, expires }: Pick<KnownToken, "token" | "username" | "from" | "expires">,
  path: string,
): string[] {
  const isKey = isKeyLike(token);
  const lasts = isKey ? "until it expires or is ended" : "as long as the server says";
  return [
    `server   ${server}`,
    `user     ${username ?? "not known"}`,
    `balance  ${tokens === null ? "not known" : `${grouped(tokens)} tokens`}`,
    `${isKey ? "API key" : "token  "}  from ${from === "environment" ? "AI_CHAT_TOKEN" : path}`,
    `valid    ${expires === null ? lasts : `until ${dayOf(expires)} UTC`}`,
  ];
}

/** A server that reports no balance does not make the token invalid. */
function unknownBalance(error: unknown): BalanceNow {
  if (error instanceof ClientError && error.code === "not_offered") return { tokens: null, held: null };
  throw error;
}

/** `whoami`: shows server, user, balance, and the token's source and expiry. */
export async function whoami(call: Call): Promise<void> {
  const { output, signal } = call;
  await withTarget(call, "needed", async ({ name, client, token, credentials }) => {
    if (!token) return;
    const { tokens, username = token.username } = await client.balance(signal).catch(unknownBalance);
    const { from, expires } = token;
    if (!output.json)
      return output.line(
        lines(name, tokens, { ...token, username }, credentials.path ?? "the settings").join("\n"),
      );
    await output.document({
      server: name,
      username,
      tokens,
      token_source: from,
      expires_at: expires === null ? null : new Date(expires).toISOString(),
    } satisfies WhoamiDocument);
  });
}
