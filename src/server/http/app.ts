import Koa from "koa";
import type { Logger } from "pino";
import { apiKeyBody, chatBody, loginBody, passwordBody, registerBody } from "../../protocol/bodies.ts";
import { CREDENTIALS_BODY_BYTES } from "../../protocol/limits.ts";
import type { AboutReply } from "../../protocol/replies.ts";
import { routes } from "../../protocol/routes.ts";
import { parseExact } from "../../text/exact-json.ts";
import type { NamedAiState } from "../core/ai-states.ts";
import type { ApiKeys } from "../core/api-keys.ts";
import type { Ledger, Limit } from "../core/ports.ts";
import type { Store } from "../core/store.ts";
import type { Questions } from "../core/questions.ts";
import type { SignIn } from "../core/sign-in.ts";
import { changePassword, logIn, logOut, refuseIfClosed, register, tellBalance } from "./accounts.ts";
import { createApiKey, listApiKeys, revokeApiKey } from "./api-keys.ts";
import {
  authenticate,
  authenticateAsker,
  authenticateHead,
  refuseApiKeys,
  requireHeadToken,
} from "./authenticate.ts";
import { bodyLimit, checkBeside, textLimit } from "./chat-body.ts";
import { answerQuestion } from "./chat.ts";
import type { Budget } from "./budget.ts";
import type { ClientAddresses } from "./client-address.ts";
import type { Context, State } from "./context.ts";
import { allowOrigins } from "./cors.ts";
import { handleErrors } from "./handle-errors.ts";
import { listModels } from "./list-models.ts";
import { letArrive } from "./read-body.ts";
import { readJson } from "./read-json.ts";
import { checkHead, findClient, nameRequest, readTarget } from "./request-head.ts";
import { detailsOf, logRequests, type OnRequest } from "./request-log.ts";
import { sendReply } from "./reply.ts";
import type { Pages, StaticFile } from "./pages/open.ts";
import { pageRoutes } from "./pages/routes.ts";
import { sendFile } from "./pages/send-file.ts";
import { protectReply } from "./reply-headers.ts";
import { inOrder, routeRequests, type Route } from "./router.ts";
import { tellAbout, tellHealth, tellReady } from "./status.ts";
import { answerUnknownRoute } from "./unknown-route.ts";
import { discardBody } from "./unread-body.ts";
import { tellUsage } from "./usage.ts";
import { completeChat } from "./v1/complete-chat.ts";
import { listOpenAiModels, tellOpenAiModel } from "./v1/list-models.ts";
import { validate } from "./validate.ts";

export interface AppNeeds {
  signIn: SignIn;
  questions: Pick<Questions, "ask" | "models">;
  ledger: Ledger;
  /** On API keys that an account makes. */
  newKeys: Limit;
  addresses: ClientAddresses;
  /** What `GET /api/` says now. */
  about: () => AboutReply;
  /** Milliseconds that a question may take. */
  questionTimeout: () => number;
  /** What is in memory for clients. */
  budget: Budget;
  /** Most bytes of a body at `/v1`. */
  maxBody: () => number;
  /** Whose pages may use the API. */
  origins: () => readonly string[];
  /** Whether no new requests should be sent here, because the server will stop. */
  leaving: () => boolean;
  /** Whether the server is shutting down: each reply is the last on its connection. */
  stopping: () => boolean;
  /** Whether it accepts charges now. */
  store: Pick<Store, "ready" | "trouble" | "apiKeys">;
  /** Of all models, the default first. */
  aiStates: () => NamedAiState[];
  /** The OpenAPI document of the API. Undefined: it was not built. */
  openApi?: StaticFile | undefined;
  /** Undefined: there are no pages for browsers. */
  pages?: Pages | undefined;
  log: Logger;
  /** Gets each request as it ends. */
  onRequest?: OnRequest | undefined;
}

/** Bytes of a completion's body besides its long strings, such as images and files. */
const COMPLETION_BYTES = 4 * 1024 * 1024;

/** The steps of each route, in the order of checks of docs/http-api.md#order-of-checks. */
export function routeTable(needs: AppNeeds): Route[] {
  const { signIn, questions, ledger, about, budget, maxBody, leaving, stopping, questionTimeout } = needs;
  const { store, aiStates, openApi } = needs;
  const answering = { questions, budget, stopping, questionTimeout };
  const readCredentials = readJson(budget, () => CREDENTIALS_BODY_BYTES);
  return [
    [
      "post",
      routes.register,
      [refuseIfClosed(signIn), readCredentials, validate(registerBody, register(signIn))],
    ],
    ["post", routes.login, [readCredentials, validate(loginBody, logIn(signIn))]],
    [
      "post",
      routes.chat,
      [
        letArrive,
        authenticateHead(signIn),
        readJson(
          budget,
          ({ state }) => bodyLimit(questions.models, state.claims !== undefined),
          (bytes) => checkBeside(bytes, textLimit(questions.models)),
        ),
        authenticateAsker(signIn),
        validate(chatBody, answerQuestion(answering)),
      ],
    ],
    [
      "post",
      routes.completions,
      [
        letArrive,
        requireHeadToken,
        authenticateHead(signIn),
        readJson(budget, maxBody, (bytes) => checkBeside(bytes, COMPLETION_BYTES), parseExact),
        authenticateAsker(signIn, () => undefined),
        completeChat(answering),
      ],
    ],
    ["get", routes.openAiModels, [authenticate(signIn), listOpenAiModels(questions)]],
    ["get", routes.openAiModel, [authenticate(signIn), tellOpenAiModel(questions)]],
    ["get", routes.models, [listModels(questions)]],
    ["get", routes.balance, [authenticate(signIn), tellBalance(ledger)]],
    ["get", routes.usage, [authenticate(signIn), tellUsage(ledger)]],
    ["post", routes.logout, [authenticate(signIn), refuseApiKeys, readCredentials, logOut(signIn)]],
    [
      "post",
      routes.password,
      [authenticate(signIn), refuseApiKeys, readCredentials, validate(passwordBody, changePassword(signIn))],
    ],
    ...(store.apiKeys ? apiKeyRoutes(needs, store.apiKeys) : []),
    ["get", routes.about, [tellAbout(about)]],
    ["get", routes.health, [tellHealth(aiStates)]],
    ["get", routes.ready, [tellReady(leaving, store)]],
    ...(openApi ? [["get", routes.openApi, [sendFile(openApi)]] satisfies Route] : []),
  ];
}

/** The routes of docs/http-api.md#api-keys. */
function apiKeyRoutes({ signIn, budget, newKeys }: AppNeeds, apiKeys: ApiKeys): Route[] {
  const asUser = [authenticate(signIn), refuseApiKeys];
  const body = readJson(budget, () => CREDENTIALS_BODY_BYTES);
  return [
    [
      "post",
      routes.apiKeys,
      [...asUser, body, validate(apiKeyBody, createApiKey({ apiKeys, newKeys, signIn }))],
    ],
    ["get", routes.apiKeys, [...asUser, listApiKeys(apiKeys)]],
    ["delete", routes.apiKey, [...asUser, revokeApiKey(apiKeys)]],
  ];
}

/** The HTTP API of docs/http-api.md as a Koa app. */
export function createApp(needs: AppNeeds): Koa<State> {
  const { pages } = needs;
  const app = new Koa<State>();
  const steps = [
    sendReply(needs),
    readTarget,
    nameRequest,
    findClient(needs.addresses),
    logRequests(needs.log, needs.onRequest),
    protectReply,
    allowOrigins(needs.origins),
    discardBody,
    handleErrors,
    checkHead,
    routeRequests([...routeTable(needs), ...(pages ? pageRoutes(pages) : [])]),
    answerUnknownRoute,
  ];
  for (const step of steps) app.use(step);
  // Instead of Koa's own, which watches each reply with an AsyncResource, and sends what sendReply has sent.
  const handleRequest = (ctx: Context, run: (ctx: Context) => Promise<void>) => {
    // A write to a connection that broke; without a listener it would end the process.
    ctx.res.on("error", ({ message: cause }) => needs.log.debug({ cause }, "connection lost"));
    return run(ctx).catch((error: unknown) => {
      ctx.res.destroy();
      needs.log.error({ error: detailsOf(error) }, "a reply could not be sent");
    });
  };
  return Object.assign(app, { compose: inOrder, handleRequest });
}
