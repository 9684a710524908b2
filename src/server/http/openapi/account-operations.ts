import { CREDENTIALS_BODY_BYTES, USAGE_DAYS } from "../../../protocol/limits.ts";
import { headers } from "../../../protocol/replies.ts";
import { routes } from "../../../protocol/routes.ts";
import { API_KEYS, NEW_API_KEYS } from "../../core/api-keys.ts";
import { emptyReply, jsonBody, jsonReply, type Operation } from "./operation.ts";

const most = `At most ${CREDENTIALS_BODY_BYTES / 1024} KiB, counted unpacked.`;
const TOKEN = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJqb2UifQ.c2lnbmF0dXJl";
const key = {
  id: "b1f4a3c2-5d0e-4a56-9a0b-6f3f0f4f8f10",
  name: "editor",
  limit: { tokens: 1000, per: "day" },
  expires_at: null,
  created_at: "2026-11-26T12:00:00Z",
};

/** Of whatever compares or makes a password. */
const passwordErrors = ["rate_limited", "overloaded", "store_unavailable", "shutting_down"] as const;

/** Accounts, their balances, and their API keys. */
export const accountOperations: Operation[] = [
  {
    method: "post",
    path: routes.register,
    id: "register",
    tag: "accounts",
    summary: "Make an account",
    description:
      "`registration` of [`GET /api/`](docs/http-api.md#server-information) says who may register: everybody, whoever has the code of an invitation, or nobody. An open server takes codes, too; a code that is sent must be valid.",
    see: "docs/http-api.md#register",
    access: "nothing",
    body: jsonBody("RegisterBody", most, {
      open: { username: "joe", password: "correct horse battery" },
      invited: { username: "joe", password: "correct horse battery", invite: "ABCD-EFGH-JKMN-PQRS" },
    }),
    replies: {
      201: jsonReply("RegisterReply", "The account was made.", {
        message: "User created successfully",
        tokens: 4000,
      }),
    },
    errors: ["registration_closed", "invalid_invite", "username_taken", ...passwordErrors],
  },
  {
    method: "post",
    path: routes.login,
    id: "logIn",
    tag: "accounts",
    summary: "Get a token",
    description:
      "Each login makes a new token. An unknown name and a wrong password get the same reply after the same amount of work.",
    see: "docs/http-api.md#log-in",
    access: "nothing",
    body: jsonBody("LoginBody", most, { joe: { username: "joe", password: "correct horse battery" } }),
    replies: { 200: jsonReply("LoginReply", "A token.", { token: TOKEN }) },
    errors: ["invalid_credentials", "account_disabled", ...passwordErrors],
  },
  {
    method: "get",
    path: routes.balance,
    id: "getBalance",
    tag: "accounts",
    summary: "Read the balance",
    description:
      "If the operator has set a [refill](docs/http-api.md#refills), `Tokens-Next` and `Tokens-Next-At` say what the account gets next, and when.",
    see: "docs/http-api.md#balance",
    access: "either",
    replies: {
      200: jsonReply("BalanceReply", "The balance.", { tokens: 3900 }, [
        headers.account,
        headers.held,
        headers.next,
        headers.nextAt,
      ]),
    },
    errors: [],
  },
  {
    method: "get",
    path: routes.usage,
    id: "getUsage",
    tag: "accounts",
    summary: "Read what was asked and spent",
    description: `Questions and tokens for each UTC day. Days are kept for ${USAGE_DAYS.most} days.`,
    see: "docs/http-api.md#usage",
    access: "either",
    parameters: [
      {
        name: "days",
        in: "query",
        description: "How many days, today included.",
        schema: { type: "integer", minimum: 1, maximum: USAGE_DAYS.most, default: USAGE_DAYS.usual },
      },
      {
        name: "by",
        in: "query",
        description: "Also the sums of these days for each API key, or for each model.",
        schema: { type: "string", enum: ["key", "model"] },
      },
    ],
    replies: {
      200: jsonReply("UsageReply", "The balance and the days.", {
        tokens: 3700,
        days: [{ date: "2026-11-26", questions: 3, tokens: 300 }],
      }),
    },
    errors: [],
  },
  {
    method: "post",
    path: routes.logout,
    id: "logOut",
    tag: "accounts",
    summary: "End the token",
    description: "This token is no longer valid, at any server of the store.",
    see: "docs/http-api.md#log-out",
    access: "token",
    reads: true,
    replies: { 204: emptyReply("The token has ended.") },
    errors: [],
  },
  {
    method: "post",
    path: routes.password,
    id: "changePassword",
    tag: "accounts",
    summary: "Change the password",
    description:
      "Every other token of the account is no longer valid. API keys stay valid, unless `revoke_keys` is true.",
    see: "docs/http-api.md#change-password",
    access: "token",
    body: jsonBody("PasswordBody", most, {
      change: { password: "correct horse battery", new_password: "staple correct horse" },
    }),
    replies: { 200: jsonReply("PasswordReply", "A new token.", { token: TOKEN }) },
    errors: ["invalid_credentials", ...passwordErrors],
  },
  {
    method: "post",
    path: routes.apiKeys,
    id: "createApiKey",
    tag: "API keys",
    summary: "Make an API key",
    description: `An account has at most ${API_KEYS} keys, and makes at most ${NEW_API_KEYS.count} a day.`,
    see: "docs/http-api.md#api-keys",
    access: "token",
    body: jsonBody("ApiKeyBody", `${most} Unknown fields are refused.`, {
      limited: { name: "editor", limit: { tokens: 1000, per: "day" } },
    }),
    replies: {
      201: jsonReply("ApiKeyReply", "The key. Only this reply has it.", {
        ...key,
        key: "aic_6ZQ4mRUQq3h1l0Xw8yK2cB5nE7tVpJdHsGaFzL9oMiW1uYxNrT0k",
      }),
    },
    errors: ["key_name_taken", "rate_limited"],
  },
  {
    method: "get",
    path: routes.apiKeys,
    id: "listApiKeys",
    tag: "API keys",
    summary: "List the API keys",
    description: "Keys that have ended are not in it.",
    see: "docs/http-api.md#api-keys",
    access: "token",
    replies: {
      200: jsonReply("ApiKeysReply", "The keys.", { keys: [{ ...key, spent: 300, last_used_at: null }] }),
    },
    errors: [],
  },
  {
    method: "delete",
    path: routes.apiKey,
    id: "revokeApiKey",
    tag: "API keys",
    summary: "End an API key",
    description: "The key has ended with the reply.",
    see: "docs/http-api.md#api-keys",
    access: "token",
    parameters: [
      {
        name: "id",
        in: "path",
        required: true,
        description: "As the list of the keys tells it.",
        schema: { type: "string" },
        example: key.id,
      },
    ],
    replies: { 204: emptyReply("The key has ended.") },
    errors: ["not_found"],
  },
];
