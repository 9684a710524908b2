import { ClientError } from "../../../client/failure.ts";
import type { Call } from "../../argv/call.ts";
import type { KnownToken } from "../../../session/connection.ts";
import { isKeyLike } from "../../../protocol/api-key.ts";
import { typedCommand } from "../../connection/chosen-server.ts";
import type { DoctorDocument } from "./document.ts";
import { grouped } from "../../../text/numbers.ts";
import { failureOf } from "../../failures/report.ts";
import type { Target } from "../../connection/target.ts";
import type { Finding } from "./finding.ts";

type TokenDocument = DoctorDocument["token"];

/** The document of a token that was not tested. */
export const unknownToken = (token: KnownToken | undefined): TokenDocument => ({
  source: token?.from ?? null,
  username: token?.username ?? null,
  valid: null,
  expires_at: token === undefined || token.expires === null ? null : new Date(token.expires).toISOString(),
  tokens: null,
});

const minute = (time: string) => `${time.slice(0, 16).replace("T", " ")} UTC`;

function words({ username, expires_at, tokens }: TokenDocument, token: string, from: string): string {
  const isKey = isKeyLike(token);
  const parts = [
    `${username ?? "valid"}, ${isKey ? "an API key " : ""}from ${from}`,
    expires_at === null
      ? `valid ${isKey ? "until it expires or is ended" : "as long as the server says"}`
      : `valid until ${minute(expires_at)}`,
    ...(tokens === null ? [] : [`${grouped(tokens)} tokens left`]),
  ];
  return parts.join("; ");
}

const untestable: Finding = {
  about: "balance",
  text: "not reported by this server, so the token cannot be tested",
  note: true,
};

/** Tests the token. That there is none, or that the server reports no balance, is not a problem. */
export async function lookAtToken(
  call: Call,
  { token, client, credentials }: Target,
): Promise<{ findings: Finding[]; document: TokenDocument }> {
  const document = unknownToken(token);
  if (!token)
    return {
      findings: [{ about: "token", text: `none: ${typedCommand(call, "login")}`, note: true }],
      document,
    };
  const from = token.from === "environment" ? "AI_CHAT_TOKEN" : (credentials.path ?? "the settings");
  try {
    const { tokens, username = token.username } = await client.balance(call.signal);
    const known = { ...document, username, valid: true, tokens };
    return { findings: [{ about: "token", text: words(known, token.token, from) }], document: known };
  } catch (error) {
    call.signal.throwIfAborted();
    if (error instanceof ClientError && error.code === "not_offered")
      return { findings: [untestable], document };
    const fault = await failureOf(error, call);
    const refused = error instanceof ClientError && fault.exit === 4;
    const text = refused ? `the token from ${from} is refused. ${fault.message}` : fault.message;
    return {
      findings: [{ about: "token", text, fault: { ...fault, message: text } }],
      document: refused ? { ...document, valid: false } : document,
    };
  }
}
