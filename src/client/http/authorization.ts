import { ClientError } from "../failure.ts";
import { reworded } from "../new-login.ts";
import { mayWantToken, otherScheme } from "./auth-scheme.ts";
import type { CallKind } from "./reply-code.ts";
import { ERROR_BYTES, replyError } from "./reply-error.ts";
import { isSendable } from "./token.ts";
import type { Call, Reply, Transport } from "./transport.ts";

/** What is known of the token when the client begins. */
export interface KnownToken {
  token?: string;
  /** The scheme of `Authorization` that this server wants, learned earlier; default: `Bearer`, as a guess. */
  scheme?: string;
  /** The token is of a login with this program: then `Token` may be tried. */
  isOfLogin?: boolean;
  /** When the server gave the token, in milliseconds since the epoch; undefined once it has accepted it. */
  given?: number;
}

/** What a server's reply to a token has shown. */
export interface Learned {
  token: string;
  /** undefined after a question: its body has the token too. */
  scheme: string | undefined;
  isAccepted: boolean;
}

interface AuthorizationOptions extends KnownToken {
  server: string;
  transport: Transport;
  now: () => number;
  /** To save it; awaited. */
  onLearned?: (learned: Learned) => unknown;
}

/** How long a token counts as just given, in milliseconds. Later it may have been revoked elsewhere. */
const NEW_FOR = 60 * 60 * 1000;

const isAcceptance = (status: number) => (status >= 200 && status < 300) || status === 402;

/** A failure for a moment says nothing about the token. */
const isPassing = (status: number) => status === 429 || status >= 500;

/** The token of one client, and how this server wants it (docs/cli.md#other-servers). */
export interface Authorization {
  readonly token: string | undefined;
  /** The token, or a `ClientError` where there is none that can be sent. */
  toSend(): string;
  /** Sends with the token, and once more under another scheme if this one was refused for its scheme. */
  send(call: Call, kind: CallKind): Promise<Reply>;
  /** A new token. `isGiven`: by a login just now. */
  replace(token: string | undefined, isGiven?: boolean): void;
  /** The failure of a call with the token; another one if the token was just given. */
  explained(error: ClientError): ClientError;
}

export function createAuthorization(options: AuthorizationOptions): Authorization {
  const { server, transport, now } = options;
  let { token, scheme = "Bearer", given } = options;
  let mayTryToken = options.isOfLogin === true && options.scheme === undefined;

  const toSend = (): string => {
    if (token === undefined || token === "")
      throw new ClientError("not_logged_in", `There is no token for ${server}.`);
    if (!isSendable(token))
      throw new ClientError(
        "usage",
        "The token has a character that no token has, such as a space or a line end.",
        { remedy: { kind: "log_in" } },
      );
    return token;
  };

  const learn = async (secret: string, name: string | undefined, isAccepted: boolean) => {
    if (token !== secret) return;
    if (name !== undefined) mayTryToken = false;
    if (isAccepted && given === undefined && (name ?? scheme) === scheme) return;
    scheme = name ?? scheme;
    if (isAccepted) given = undefined;
    await Promise.resolve(options.onLearned?.({ token: secret, scheme: name, isAccepted })).catch(
      () => undefined,
    );
  };

  /** Whether the reply refuses the token; and the reply again, as its body was read for that. */
  const look = async (reply: Reply, kind: CallKind, secret: string) => {
    const text = await reply.text(ERROR_BYTES);
    const again: Reply = { ...reply, text: async () => text };
    const { remedy } = await replyError(again, kind, { secrets: [secret], now: now() });
    return { reply: again, refuses: reply.status === 401 || remedy?.kind === "log_in" };
  };

  /**
   * Tries `Token` in place of `Bearer`, which was refused without a challenge that asks for either. No question is
   * charged twice: 401 says that the request has no valid credentials (RFC 9110 §15.5.2), and 403 counts only if its
   * words say the same, so the server did not know whose balance to charge.
   */
  const tryToken = async (
    under: (name: string) => Promise<Reply>,
    secret: string,
    kind: CallKind,
    first: Reply,
  ) => {
    const refused = await look(first, kind, secret);
    if (!refused.refuses) return refused.reply;
    const reply = await under("Token");
    const { status } = reply;
    const second =
      status === 401 || status === 403 ? await look(reply, kind, secret) : { reply, refuses: false };
    if (second.refuses) await learn(secret, "Bearer", false);
    else if (!isPassing(status)) await learn(secret, "Token", true);
    mayTryToken &&= token !== secret;
    return second.reply;
  };

  const send = async (call: Call, kind: CallKind): Promise<Reply> => {
    const secret = toSend();
    const under = (name: string) =>
      transport.send({ ...call, headers: { ...call.headers, authorization: `${name} ${secret}` } });
    const used = scheme;
    const reply = await under(used);
    const { status } = reply;
    if (isAcceptance(status)) await learn(secret, call.question === true ? undefined : used, true);
    if (status !== 401 && status !== 403) return reply;
    if (scheme !== used) {
      // Another request has learned it meanwhile.
      const refused = await look(reply, kind, secret);
      return refused.refuses ? under(scheme) : refused.reply;
    }
    const challenge = reply.header("www-authenticate");
    const wanted = status === 401 ? otherScheme(challenge, scheme) : undefined;
    if (wanted === undefined)
      return mayTryToken && mayWantToken(challenge) ? tryToken(under, secret, kind, reply) : reply;
    await reply.text(0);
    const second = await under(wanted);
    if (second.status !== 401) await learn(secret, wanted, true);
    return second;
  };

  return {
    get token() {
      return token;
    },
    toSend,
    send,
    replace(fresh, isGiven = false) {
      token = fresh;
      if (!isGiven) return;
      [scheme, given, mayTryToken] = ["Bearer", now(), true];
    },
    explained(error) {
      const isNew = given !== undefined && Math.abs(now() - given) < NEW_FOR;
      if (!isNew || error.remedy?.kind !== "log_in" || error.code === "expired_token") return error;
      return reworded(error, `${server} refuses the token that it has just given: ${error.message}`, {
        code: "invalid_token",
        remedy: { kind: "ask_operator" },
      });
    },
  };
}
