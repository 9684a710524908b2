import type { Bytes, Framework } from "./framework.ts";

const notFound: Bytes = [
  404,
  "<!doctype html>\n<html><head><title>Not Found</title></head><body></body></html>",
];
const wrongMethod: Bytes = [405, { detail: 'Method "GET" not allowed.' }, { allow: "POST, OPTIONS" }];
const noCredentials = { detail: "Authentication credentials were not provided." };
const unable: Bytes = [400, { non_field_errors: ["Unable to log in with provided credentials."] }];

/**
 * Django REST framework, obtain_auth_token. Whether a refusal is 401 with a challenge or 403 without one depends on the
 * first authentication class alone: SessionAuthentication has no challenge.
 */
const session: Framework = {
  name: "Django REST framework, Token behind SessionAuthentication",
  scheme: "Token",
  login: (token) => ({ token }),
  noToken: [403, noCredentials],
  wrongToken: [403, { detail: "Invalid token." }],
  wrongPassword: unable,
  empty: [403, { detail: "Insufficient tokens." }],
  balance: ["/api/token_balance/", "tokens"],
  notFound,
  wrongMethod,
};

const basic: Framework = {
  ...session,
  name: "Django REST framework, Token behind BasicAuthentication",
  noToken: [401, noCredentials, { "www-authenticate": 'Basic realm="api"' }],
  wrongToken: [401, { detail: "Invalid token." }, { "www-authenticate": 'Basic realm="api"' }],
  empty: [400, { tokens: ["Not enough tokens to ask a question."] }],
  balance: ["/api/balance/", "balance"],
};

/** A plain Django view that takes the header apart itself. */
const handWritten: Framework = {
  ...session,
  name: "Django with a check of its own",
  noToken: [401, { error: "Invalid token" }],
  wrongToken: [401, { error: "Invalid token" }],
  wrongPassword: [400, { error: "Invalid credentials" }],
  empty: [400, { error: "You have no tokens left" }],
  balance: ["/api/tokens/", "tokens_left"],
  notFound: [404, "<h1>Not Found</h1><p>The requested resource was not found on this server.</p>"],
};

const djoser: Framework = {
  ...session,
  name: "Djoser",
  login: (token) => ({ auth_token: token }),
  noToken: [401, noCredentials, { "www-authenticate": "Token" }],
  wrongToken: [401, { detail: "Invalid token." }, { "www-authenticate": "Token" }],
};

const restAuth: Framework = { ...session, name: "dj-rest-auth", login: (key) => ({ key }) };

const simplejwt: Framework = {
  ...session,
  name: "simplejwt",
  scheme: "Bearer",
  login: (access) => ({ refresh: "r-1", access }),
  noToken: [401, noCredentials, { "www-authenticate": 'Bearer realm="api"' }],
  wrongToken: [
    401,
    {
      detail: "Given token not valid for any token type",
      code: "token_not_valid",
      messages: [
        { token_class: "AccessToken", token_type: "access", message: "Token is invalid or expired" },
      ],
    },
    { "www-authenticate": 'Bearer realm="api"' },
  ],
  wrongPassword: [401, { detail: "No active account found with the given credentials" }],
  empty: [403, { detail: "Your balance is insufficient." }],
  balance: ["/api/token-balance/", "token_balance"],
};

export const django = [session, basic, handWritten, djoser, restAuth, simplejwt];
