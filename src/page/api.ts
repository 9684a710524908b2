import type { ModelsReply, AboutReply } from "../protocol/replies.ts";
import { headers } from "../protocol/replies.ts";
import { routes } from "../protocol/routes.ts";
import { parsed, record, told } from "../text/loose-json.ts";
import { Failure, lost, problemOf } from "./failure.ts";

export interface Balance {
  /** Null if the reply does not say. */
  tokens: number | null;
  held: number | null;
  /** The name of the account. */
  name: string;
}

export interface Credentials {
  username: string;
  password: string;
}

/** The default first. */
export type Models = [ModelsReply["models"][number], ...ModelsReply["models"]];

interface Call {
  token?: string;
  body?: unknown;
  signal?: AbortSignal;
}

/** The path as an address below that of the page: a proxy may serve both below a prefix. */
export const address = (path: string): string => `${path.slice(1)}/`;

async function call(
  path: string,
  { token, body, signal }: Call = {},
): Promise<{ json: unknown; head: Headers }> {
  let reply: Response;
  let text: string;
  try {
    reply = await fetch(address(path), {
      method: body === undefined ? "GET" : "POST",
      headers: {
        Accept: "application/json",
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...(body !== undefined && { "Content-Type": "application/json" }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
    });
    text = await reply.text();
  } catch {
    throw lost();
  }
  if (!reply.ok) throw problemOf(text, reply.status, reply.headers);
  return { json: parsed(text), head: reply.headers };
}

const strange = () =>
  new Failure("strange", "The server answered with something else than this page expects.");

/** `GET /api/` */
export async function about(): Promise<AboutReply> {
  const { json } = await call(routes.about);
  if (!Array.isArray(record(json)?.extensions)) throw strange();
  return json as AboutReply;
}

/** `GET /api/models/` */
export async function models(): Promise<Models> {
  const { json } = await call(routes.models);
  const list = record(json)?.models;
  if (!Array.isArray(list) || list.length === 0) throw strange();
  return list as unknown as Models;
}

/** `POST /api/register/` */
export async function register(body: Credentials & { invite?: string }): Promise<void> {
  await call(routes.register, { body });
}

/** `POST /api/login/`: the token. */
export async function logIn(body: Credentials): Promise<string> {
  const token = record((await call(routes.login, { body })).json)?.token;
  if (typeof token !== "string") throw strange();
  return token;
}

/** `POST /api/logout/`: the token is no longer valid. */
export async function logOut(token: string): Promise<void> {
  await call(routes.logout, { token, body: {} });
}

/** `GET /api/token_balance/` */
export async function balance(token: string, signal?: AbortSignal): Promise<Balance> {
  const { json, head } = await call(routes.balance, { token, ...(signal && { signal }) });
  return {
    tokens: told(record(json)?.tokens),
    held: told(head.get(headers.held)),
    name: head.get(headers.account) ?? "",
  };
}
