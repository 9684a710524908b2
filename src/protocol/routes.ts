/** The paths of docs/http-api.md, without their trailing slash. Every one answers with and without it. */
export const routes = {
  about: "/api",
  register: "/api/register",
  login: "/api/login",
  chat: "/api/chat",
  models: "/api/models",
  balance: "/api/token_balance",
  usage: "/api/usage",
  logout: "/api/logout",
  password: "/api/password",
  apiKeys: "/api/keys",
  apiKey: "/api/keys/:id",
  completions: "/v1/chat/completions",
  openAiModels: "/v1/models",
  openAiModel: "/v1/models/*id",
  health: "/healthz",
  ready: "/readyz",
  openApi: "/openapi.json",
} as const;

/** The paths of the pages for browsers (docs/browser.md), which are no part of the API. */
export const pagePaths = {
  home: "/",
  script: "/page.js",
  style: "/page.css",
  docs: "/docs",
  docsStyle: "/docs.css",
} as const;

/**
 * What a server can do beyond the four documented endpoints, as `GET /api/` names it
 * (docs/http-api.md#server-information).
 */
export const extensions = [
  "stream",
  "history",
  "idempotency",
  "usage",
  "logout",
  "password",
  "reasoning",
  "instructions",
  "keys",
  "models",
  "images",
] as const;

/** See {@link extensions}. */
export type Extension = (typeof extensions)[number];
