import { headers } from "../../protocol/replies.ts";
import { routes } from "../../protocol/routes.ts";
import { answer } from "./answer.ts";
import { otherScheme } from "./auth-scheme.ts";
import { ClientError } from "../failure.ts";
import type { OpenDispatcher } from "./connections.ts";
import type { AnswerEvent, ApiClient, BalanceNow, Question, Usage } from "./contract.ts";
import { replyOfEither } from "./either-reply.ts";
import { isChatServer } from "./chat-server.ts";
import { createOffer, noOffer, type OfferCache } from "./offer.ts";
import { badReply } from "./bad-reply.ts";
import { namesModel, replyError, type CallKind } from "./reply-error.ts";
import { parsed, record, told } from "../../text/loose-json.ts";
import { isSendable } from "./token.ts";
import { createTransport, type Call, type Reply } from "./transport.ts";
import { usageOf } from "./usage-reply.ts";

export interface ApiClientOptions {
  /** As `normalizeServer` writes it. */
  server: string;
  token?: string;
  /** The scheme of `Authorization` that this server wants, learned earlier; default: `Bearer`. */
  scheme?: string;
  /** For a proxy. */
  openDispatcher?: OpenDispatcher;
  /** Longest silence of the server in seconds. */
  silence?: number;
  userAgent?: string;
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** Milliseconds since any moment, without the time that the machine sleeps. */
  monotonic?: () => number;
  /** Called when the server accepted the token under another scheme, to save it; awaited. */
  onSchemeLearned?: (scheme: string) => unknown;
  offerCache?: OfferCache;
}

/** Seconds. A logout is done here in any case, so it does not wait for the server as long as an answer does. */
const LOGOUT_SILENCE = 10;

/** The server does not have the path, or not with this method. */
const isLacking = (status: number) => status === 404 || status === 405 || status === 501;

const isSuccess = (status: number) => status >= 200 && status < 300;

/** The client of one server (`contract.ts`). Connects to nothing before the first call. */
export function createApiClient(options: ApiClientOptions): ApiClient {
  const { server, now = Date.now } = options;
  const transport = createTransport({
    server,
    openDispatcher: options.openDispatcher,
    clocks: { now, monotonic: options.monotonic },
    silence: options.silence ?? 300,
    userAgent: options.userAgent ?? "ai-chat",
  });
  const loadOffer = createOffer(transport, { cache: options.offerCache, now });
  const offer = (signal?: AbortSignal) => loadOffer(signal).catch(() => noOffer);
  let token = options.token;
  let scheme = options.scheme ?? "Bearer";

  const tokenToSend = (): string => {
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

  const fail = async (reply: Reply, call: CallKind, secrets: string[]): Promise<never> => {
    throw await replyError(reply, call, { secrets, now: now() });
  };

  /**
   * Sends with the token. If the server asks for another scheme, sends once more with that one
   * (docs/cli.md#other-servers).
   */
  const sendWithToken = async (call: Call): Promise<Reply> => {
    const secret = tokenToSend();
    const under = (name: string) =>
      transport.send({ ...call, headers: { ...call.headers, authorization: `${name} ${secret}` } });
    const reply = await under(scheme);
    const wanted = reply.status === 401 ? otherScheme(reply.header("www-authenticate"), scheme) : undefined;
    if (wanted === undefined) return reply;
    await reply.text(0);
    const second = await under(wanted);
    if (second.status !== 401) {
      scheme = wanted;
      await Promise.resolve(options.onSchemeLearned?.(wanted)).catch(() => undefined);
    }
    return second;
  };

  const bodyOf = async (reply: Reply): Promise<Record<string, unknown>> => {
    const text = await reply.text();
    return record(parsed(text)) ?? Promise.reject(badReply(server, { text }));
  };

  const credentials = async (call: "register" | "login", body: { username: string; password: string }) => {
    const { username, password } = body;
    const reply = await transport.send({ method: "POST", path: routes[call], body: { username, password } });
    if (!isSuccess(reply.status)) return fail(reply, call, [password]);
    return bodyOf(reply);
  };

  const balance = async (signal?: AbortSignal): Promise<BalanceNow> => {
    const reply = await sendWithToken({ method: "GET", path: routes.balance, signal });
    if (reply.status === 404) {
      await reply.text(0);
      throw new ClientError("not_offered", `${server} does not report balances.`, { status: 404 });
    }
    if (!isSuccess(reply.status)) return fail(reply, "balance", [tokenToSend()]);
    const body = await bodyOf(reply);
    return { tokens: told(body.tokens), held: told(reply.header(headers.held)) };
  };

  /** A call that only some servers know (docs/cli.md#missing-features); `what` completes "SERVER does not …". */
  const extension = async (kind: CallKind, what: string, call: Call, secrets: string[] = []) => {
    const secret = tokenToSend();
    const reply = await sendWithToken(call);
    if (isLacking(reply.status)) {
      await reply.text(0);
      throw new ClientError("not_offered", `${server} does not ${what}.`, { status: reply.status });
    }
    if (!isSuccess(reply.status)) return fail(reply, kind, [secret, ...secrets]);
    return reply;
  };

  const usage = async (days: number, signal?: AbortSignal): Promise<Usage> => {
    const path = routes.usage;
    const call: Call = { method: "GET", path, query: `days=${days}`, signal };
    const body = await bodyOf(await extension("usage", "report usage", call));
    return usageOf(body) ?? Promise.reject(badReply(server));
  };

  const logout = async (signal?: AbortSignal): Promise<void> => {
    const call: Call = { method: "POST", path: routes.logout, signal, silence: LOGOUT_SILENCE };
    try {
      await (await extension("logout", "revoke tokens", call)).text(0);
    } finally {
      token = undefined;
    }
  };

  const changePassword = async ({ password, newPassword }: { password: string; newPassword: string }) => {
    const body = { password, new_password: newPassword };
    const call: Call = { method: "POST", path: routes.password, body };
    const reply = await extension("password", "change passwords", call, [password, newPassword]);
    const { token: fresh } = await bodyOf(reply);
    if (typeof fresh !== "string" || !isSendable(fresh)) throw badReply(server);
    token = fresh;
    return { token: fresh };
  };

  const notOffered = () =>
    new ClientError("not_offered", `${server} does not let a question choose its model.`, {
      remedy: { kind: "leave_model_out" },
    });

  /** The question's model if the server offers `models`. What was learned hours ago is asked again before it fails. */
  const modelFor = async ({ model, onModelLeftOut, signal }: Question): Promise<string | undefined> => {
    if (model === undefined || (await loadOffer(signal)).extensions.has("models")) return model;
    if (onModelLeftOut) onModelLeftOut();
    else if ((await loadOffer(signal, true)).extensions.has("models")) return model;
    else throw notOffered();
    return undefined;
  };

  async function* ask(question: Question): AsyncGenerator<AnswerEvent, void, undefined> {
    const { message, history, key, signal } = question;
    const secret = tokenToSend();
    const offersHistory = history.length > 0 && (await loadOffer(signal)).extensions.has("history");
    if (history.length > 0 && !offersHistory) question.onHistoryKept?.();
    const model = await modelFor(question);
    const call: Call = {
      method: "POST",
      path: routes.chat,
      headers: { accept: "text/event-stream, application/json;q=0.9", [headers.key]: key },
      body: {
        message,
        token: secret,
        ...(offersHistory && { history }),
        ...(model !== undefined && { model }),
      },
      signal,
      question: true,
    };
    const send = async (once: Call) => {
      const reply = await sendWithToken(once);
      if (isSuccess(reply.status)) return reply;
      const error = await replyError(reply, "chat", { secrets: [secret], now: now() });
      // The list of models that was learned is out of date.
      if (model !== undefined && namesModel(error.fields))
        await loadOffer(signal, true).catch(() => undefined);
      throw error;
    };
    const mayRepeat = async (once: AbortSignal) => (await offer(once)).extensions.has("idempotency");
    const reply = await replyOfEither({ call, send, mayRepeat });
    yield* answer(reply, { server, secrets: [secret], signal });
  }

  return {
    server,
    get token() {
      return token;
    },
    register: async (body) => ({ tokens: told((await credentials("register", body)).tokens) }),
    login: async (body) => {
      const reply = await credentials("login", body);
      if (typeof reply.token !== "string" || !isSendable(reply.token)) throw badReply(server);
      token = reply.token;
      return { token };
    },
    balance,
    usage,
    logout,
    changePassword,
    ask,
    offer,
    async models(signal) {
      const { extensions, models } = await loadOffer(signal, true);
      if (!extensions.has("models")) throw notOffered();
      return models;
    },
    isChatServer: () => isChatServer(transport),
    close: () => transport.close(),
  };
}
