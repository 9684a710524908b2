import { headers } from "../../protocol/replies.ts";
import { usernameFaults } from "../../protocol/username-rules.ts";
import { routes, type Extension } from "../../protocol/routes.ts";
import { answer } from "./answer.ts";
import { listedKeysOf, madeKeyOf } from "./api-keys.ts";
import { createAuthorization, type KnownToken, type Learned } from "./authorization.ts";
import { balanceIn, createBalanceSearch, type BalancePlace } from "./balance-place.ts";
import { ClientError } from "../failure.ts";
import { tokenIn } from "../new-login.ts";
import { nextTokens } from "../next-tokens.ts";
import type { OpenDispatcher } from "./connections.ts";
import type { AnswerEvent, ApiClient, BalanceNow, Question, Usage } from "./contract.ts";
import { replyOfEither } from "./either-reply.ts";
import { isChatServer } from "./chat-server.ts";
import { createOffer, noOffer, type OfferCache } from "./offer.ts";
import { badReply } from "./bad-reply.ts";
import type { CallKind } from "./reply-code.ts";
import { isAbout, replyError } from "./reply-error.ts";
import { parsed, record, told } from "../../text/loose-json.ts";
import { isSendable } from "./token.ts";
import { createTransport, type Call, type Reply } from "./transport.ts";
import { usageOf } from "./usage-reply.ts";

export interface ApiClientOptions extends KnownToken {
  /** As `normalizeServer` writes it. */
  server: string;
  /** Begins a sentence about what the server lacks; by default its address. */
  subject?: string;
  /** For a proxy. */
  openDispatcher?: OpenDispatcher;
  /** Longest silence of the server in seconds. */
  silence?: number;
  userAgent?: string;
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** Milliseconds since any moment, without the time that the machine sleeps. */
  monotonic?: () => number;
  /** Called with what the server's replies show about the token, to save it; awaited. */
  onLearned?: (learned: Learned) => unknown;
  /** Called with the account's name where a reply tells it, to save it; awaited. */
  onNamed?: (username: string, token: string) => unknown;
  offerCache?: OfferCache;
  balancePlace?: BalancePlace;
}

/** Seconds. A logout is done here in any case, so it does not wait for the server as long as an answer does. */
const LOGOUT_SILENCE = 10;

/** The server does not have the path, or not with this method. */
const isLacking = (status: number) => status === 404 || status === 405 || status === 501;

/** The fields of a question, besides its model, of which the offer tells how much they take. */
const LIMITED = ["message", "instructions", "images"];

/** Whether the server refused a question by what its offer tells: its models, and how much they take. */
const isAboutOffer = ({ status, fields }: ClientError, model: string | undefined): boolean =>
  status === 413 ||
  LIMITED.some((name) => isAbout(name, fields)) ||
  (model !== undefined && isAbout("model", fields));

const isSuccess = (status: number) => status >= 200 && status < 300;

/** The client of one server (`contract.ts`). Connects to nothing before the first call. */
export function createApiClient(options: ApiClientOptions): ApiClient {
  const { server, subject = server, now = Date.now } = options;
  const transport = createTransport({
    server,
    openDispatcher: options.openDispatcher,
    clocks: { now, monotonic: options.monotonic },
    silence: options.silence ?? 300,
    userAgent: options.userAgent ?? "ai-chat",
  });
  const loadOffer = createOffer(transport, { cache: options.offerCache, now });
  const offer = (signal?: AbortSignal) => loadOffer(signal).catch(() => noOffer);
  const authorization = createAuthorization({ ...options, transport, now });
  const toSend = () => authorization.toSend();

  const fail = async (reply: Reply, call: CallKind, secrets: string[]): Promise<never> => {
    throw await replyError(reply, call, { secrets, now: now() });
  };

  const failWithToken = async (reply: Reply, call: CallKind, secrets: string[]): Promise<never> => {
    throw authorization.explained(await replyError(reply, call, { secrets, now: now() }));
  };

  const bodyOf = async (reply: Reply): Promise<Record<string, unknown>> => {
    const text = await reply.text();
    return record(parsed(text)) ?? Promise.reject(badReply(server, { text }));
  };

  const credentials = async (
    call: "register" | "login",
    { username, password, invite }: { username: string; password: string; invite?: string | undefined },
  ) => {
    const body = { username, password, ...(invite !== undefined && { invite }) };
    const reply = await transport.send({ method: "POST", path: routes[call], body });
    if (!isSuccess(reply.status))
      return fail(reply, call, invite === undefined ? [password] : [password, invite]);
    return bodyOf(reply);
  };

  const lookForBalance = createBalanceSearch(
    (path, signal) => authorization.send({ method: "GET", path, signal }, "balance"),
    options.balancePlace,
  );

  const balance = async (signal?: AbortSignal): Promise<BalanceNow> => {
    const secret = toSend();
    const reply = await lookForBalance(signal);
    if (!reply) throw new ClientError("not_offered", `${subject} does not report balances.`, { status: 404 });
    if (!isSuccess(reply.status)) return failWithToken(reply, "balance", [secret]);
    const tokens = balanceIn(await bodyOf(reply));
    const name = reply.header(headers.account);
    const username = name !== undefined && usernameFaults(name).length === 0 ? name : undefined;
    if (username !== undefined)
      await Promise.resolve(options.onNamed?.(username, secret)).catch(() => undefined);
    return { tokens, held: told(reply.header(headers.held)), next: nextTokens(reply), username };
  };

  /** A call that only some servers know (docs/cli.md#missing-features); `what` completes "SERVER does not …". */
  const extension = async (kind: CallKind, what: string, call: Call, secrets: string[] = []) => {
    const secret = toSend();
    const reply = await authorization.send(call, kind);
    if (isLacking(reply.status)) {
      await reply.text(0);
      throw new ClientError("not_offered", `${subject} does not ${what}.`, { status: reply.status });
    }
    if (!isSuccess(reply.status)) return failWithToken(reply, kind, [secret, ...secrets]);
    return reply;
  };

  /** Throws `not_offered` if the server lacks the extension. What was learned hours ago is asked again before it fails. */
  const assertOffered = async (name: Extension, words: string, signal?: AbortSignal): Promise<void> => {
    for (const anew of [false, true]) if ((await loadOffer(signal, anew)).extensions.has(name)) return;
    throw new ClientError("not_offered", `${subject} ${words}.`);
  };

  const assertKeys = (signal?: AbortSignal) => assertOffered("keys", "has no API keys", signal);

  const usage = async (days: number, signal?: AbortSignal, by?: "key" | "model"): Promise<Usage> => {
    if (by !== undefined) await assertKeys(signal);
    const query = `days=${days}${by === undefined ? "" : `&by=${by}`}`;
    const call: Call = { method: "GET", path: routes.usage, query, signal };
    const body = await bodyOf(await extension("usage", "report usage", call));
    return usageOf(body, by) ?? Promise.reject(badReply(server));
  };

  const createKey: ApiClient["createKey"] = async ({ name, limit, expires }, signal) => {
    await assertKeys(signal);
    const expires_at = expires === undefined ? undefined : new Date(expires).toISOString();
    const call: Call = { method: "POST", path: routes.apiKeys, body: { name, limit, expires_at }, signal };
    const made = madeKeyOf(await bodyOf(await extension("keys", "make API keys", call)));
    return made ?? Promise.reject(badReply(server));
  };

  const keys: ApiClient["keys"] = async (signal) => {
    await assertKeys(signal);
    const call: Call = { method: "GET", path: routes.apiKeys, signal };
    const listed = listedKeysOf(await bodyOf(await extension("keys", "list API keys", call)));
    return listed ?? Promise.reject(badReply(server));
  };

  const revokeKey: ApiClient["revokeKey"] = async (id, signal) => {
    const path = `${routes.apiKeys}/${encodeURIComponent(id)}`;
    await (await extension("keys", "have this API key", { method: "DELETE", path, signal })).text(0);
  };

  const logout = async (signal?: AbortSignal): Promise<void> => {
    const call: Call = { method: "POST", path: routes.logout, signal, silence: LOGOUT_SILENCE };
    try {
      await (await extension("logout", "revoke tokens", call)).text(0);
    } finally {
      authorization.replace(undefined);
    }
  };

  const changePassword: ApiClient["changePassword"] = async ({ password, newPassword, endsKeys }) => {
    if (endsKeys) await assertKeys();
    const body = { password, new_password: newPassword, ...(endsKeys && { revoke_keys: true }) };
    const call: Call = { method: "POST", path: routes.password, body };
    const reply = await extension("password", "change passwords", call, [password, newPassword]);
    const { token: fresh } = await bodyOf(reply);
    if (typeof fresh !== "string" || !isSendable(fresh)) throw badReply(server);
    authorization.replace(fresh);
    return { token: fresh };
  };

  const notOffered = () =>
    new ClientError("not_offered", `${subject} does not let a question choose its model.`, {
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

  /** Without its images a question would be another one. */
  const assertImages = (signal?: AbortSignal) => assertOffered("images", "takes no images", signal);

  async function* ask(question: Question): AsyncGenerator<AnswerEvent, void, undefined> {
    const { message, history, instructions, images = [], key, signal } = question;
    const secret = toSend();
    const offersHistory = history.length > 0 && (await loadOffer(signal)).extensions.has("history");
    if (history.length > 0 && !offersHistory) question.onHistoryKept?.();
    const model = await modelFor(question);
    const offersInstructions =
      instructions !== undefined && (await loadOffer(signal)).extensions.has("instructions");
    if (instructions !== undefined && !offersInstructions) question.onInstructionsLeftOut?.();
    if (images.length > 0) await assertImages(signal);
    const call: Call = {
      method: "POST",
      path: routes.chat,
      headers: { accept: "text/event-stream, application/json;q=0.9", [headers.key]: key },
      body: {
        message,
        token: secret,
        ...(offersHistory && { history }),
        ...(model !== undefined && { model }),
        ...(offersInstructions && { instructions }),
        ...(images.length > 0 && { images }),
      },
      signal,
      question: true,
    };
    const send = async (once: Call) => {
      const reply = await authorization.send(once, "chat");
      if (isSuccess(reply.status)) return reply;
      const error = await replyError(reply, "chat", { secrets: [secret], now: now() });
      // The models or the limits that were learned are out of date.
      if (isAboutOffer(error, model)) await loadOffer(signal, true).catch(() => undefined);
      throw authorization.explained(error);
    };
    const mayRepeat = async (once: AbortSignal) => (await offer(once)).extensions.has("idempotency");
    const reply = await replyOfEither({ call, send, mayRepeat });
    yield* answer(reply, { server, secrets: [secret], signal });
  }

  return {
    server,
    get token() {
      return authorization.token;
    },
    register: async (body) => ({ tokens: told((await credentials("register", body)).tokens) }),
    login: async (body) => {
      const { username, password } = body;
      const token = tokenIn(await credentials("login", { username, password }));
      if (token === undefined)
        throw new ClientError("bad_reply", `The login at ${server} gave no token.`, {
          remedy: { kind: "check_address" },
        });
      authorization.replace(token, true);
      return { token };
    },
    balance,
    usage,
    logout,
    changePassword,
    createKey,
    keys,
    revokeKey,
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
