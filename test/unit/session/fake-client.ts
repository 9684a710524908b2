import { ClientError } from "../../../src/client/failure.ts";
import type {
  AnswerEvent,
  ApiClient,
  BalanceNow,
  ModelOffer,
  Question,
} from "../../../src/client/http/contract.ts";
import type { Entry } from "../../../src/client/kept/credentials.ts";
import type { Connection, KnownToken } from "../../../src/session/connection.ts";
import type { Registration } from "../../../src/protocol/replies.ts";
import type { Extension } from "../../../src/protocol/routes.ts";

type Step = AnswerEvent | ClientError | Promise<unknown>;

/** A server in memory that answers as it is told; it remembers what it was asked. */
export interface FakeClient extends ApiClient {
  questions: Question[];
  tokens: number | null;
  held: number | null;
  /** The answers to come, one a question; without any it echoes for 100 tokens. */
  script: Step[][];
  passwords: Map<string, string>;
  /** The account's name that comes with its balance. */
  username: string | undefined;
  /** What the next balance fails with. */
  balanceFails: ClientError | undefined;
  balancesAsked: number;
  /** Who may register; it is told unless `tellsRegistration` is false. The only code is `code`. */
  registration: Registration;
  tellsRegistration: boolean;
  /** How often the offer was requested anew. */
  offersAnew: number;
}

const all: Extension[] = ["stream", "history", "idempotency", "usage", "logout", "password"];

/** The models of a server with two; pass them to `createFakeClient`. */
export const twoModels: ModelOffer[] = [
  { name: "small", price: 100, isDefault: true },
  { name: "big", price: 500, isDefault: false },
];

export function createFakeClient({
  tokens = 4000,
  extensions = all,
  token = true,
  models = [] as ModelOffer[],
} = {}): FakeClient {
  let held = token ? "t" : undefined;
  const client: FakeClient = {
    server: "http://127.0.0.1:8000",
    questions: [],
    tokens,
    held: 0,
    script: [],
    passwords: new Map([["jane", "correct horse"]]),
    username: undefined,
    balanceFails: undefined,
    balancesAsked: 0,
    registration: "open",
    tellsRegistration: true,
    offersAnew: 0,
    get token() {
      return held;
    },
    async register({ username, password, invite }) {
      if (client.registration === "closed")
        throw new ClientError("registration_closed", "No new accounts.", { status: 403 });
      if (client.registration === "invite" && invite !== "code")
        throw new ClientError("invalid_invite", "This invitation is not valid.", { status: 403 });
      if (client.passwords.has(username))
        throw new ClientError("username_taken", "This username is taken.", { status: 409 });
      if (password.length < 8)
        throw new ClientError("invalid_request", "password must have at least 8 characters.", {
          status: 400,
          fields: [{ field: "password", detail: "password must have at least 8 characters." }],
        });
      client.passwords.set(username, password);
      return { tokens };
    },
    async login({ username, password }) {
      if (client.passwords.get(username) !== password)
        throw new ClientError("invalid_credentials", "Wrong username or password.", { status: 401 });
      held = `token-of-${username}`;
      return { token: held };
    },
    async balance(): Promise<BalanceNow> {
      client.balancesAsked += 1;
      if (client.balanceFails !== undefined) throw client.balanceFails;
      return { tokens: client.tokens, held: client.held, username: client.username };
    },
    createKey: () => Promise.reject(notOffered()),
    keys: () => Promise.reject(notOffered()),
    revokeKey: () => Promise.reject(notOffered()),
    usage: async () => ({ tokens: client.tokens, days: [] }),
    async logout() {
      held = undefined;
    },
    changePassword: async () => ({ token: "another-token" }),
    async *ask(question) {
      client.questions.push(question);
      if (question.history.length > 0 && !extensions.includes("history")) question.onHistoryKept?.();
      if (question.instructions !== undefined && !extensions.includes("instructions"))
        question.onInstructionsLeftOut?.();
      if (question.model !== undefined && models.length === 0) {
        if (question.onModelLeftOut === undefined) throw notOffered();
        question.onModelLeftOut();
      }
      const steps: Step[] = client.script.shift() ?? echo(question);
      for (const step of steps) {
        if (step instanceof ClientError) throw step;
        if (step instanceof Promise) await Promise.race([step, aborted(question.signal)]);
        if (question.signal?.aborted === true)
          throw new ClientError("interrupted", "Interrupted.", { charged: "maybe" });
        if (step instanceof Promise) continue;
        if (step.type === "done" && client.tokens !== null && step.tokensDeducted !== null)
          client.tokens -= step.tokensDeducted;
        yield step.type === "done" && step.tokens === -1 ? { ...step, tokens: client.tokens } : step;
      }
    },
    offer: async () => ({
      extensions: new Set(extensions),
      price: 100,
      model: "demo",
      models,
      registration: client.tellsRegistration ? client.registration : undefined,
    }),
    async models() {
      client.offersAnew += 1;
      if (models.length === 0) throw notOffered();
      return models;
    },
    isChatServer: async () => true,
    close: async () => undefined,
  };
  return client;
}

const notOffered = () =>
  new ClientError("not_offered", "The server does not let a question choose its model.");

/** A whole answer in these pieces; `tokens` of `done` is the balance then. */
export function answer(...pieces: string[]): AnswerEvent[] {
  return [
    ...pieces.map((text): AnswerEvent => ({ type: "delta", text })),
    { type: "done", response: pieces.join(""), tokensDeducted: 100, tokens: -1 },
  ];
}

function echo({ message }: Question): AnswerEvent[] {
  return answer(`You said: ${message}`);
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }));
}

/** A connection to that client; nobody is logged in if `username` is undefined. */
export function connectionTo(
  client: ApiClient,
  username: string | undefined,
  options: {
    name?: string;
    from?: KnownToken["from"];
    onSave?: (entry: Entry) => void;
    onForget?: (token: string | undefined) => void;
  } = {},
): Connection {
  const { name = "local", from = "file", onSave, onForget } = options;
  return {
    name,
    client,
    token: username === undefined ? undefined : { token: "t", username, from, expires: null },
    credentials: {
      set: async (_, entry) => (onSave?.(entry), { kept: true }),
      remove: async (_, token) => (onForget?.(token), { kept: true }),
    },
  };
}
