import type { Framework } from "./framework.ts";

const flaskPage = (title: string) =>
  `<!doctype html>\n<html lang=en>\n<title>${title}</title>\n<h1>${title.slice(4)}</h1>\n`;

/** Flask with Flask-JWT-Extended: no challenge, and its sentences are under `msg`. */
const flask: Framework = {
  name: "Flask",
  scheme: "Bearer",
  login: (token) => ({ access_token: token }),
  noToken: [401, { msg: "Missing Authorization Header" }],
  wrongToken: [422, { msg: "Not enough segments" }],
  wrongPassword: [401, { msg: "Bad username or password" }],
  empty: [403, { msg: "You are out of tokens" }],
  balance: ["/api/balance/", "balance"],
  notFound: [404, flaskPage("404 Not Found")],
  wrongMethod: [405, flaskPage("405 Method Not Allowed"), { allow: "POST, OPTIONS" }],
};

/** FastAPI with HTTPBearer, which answers 403 without a challenge where the header is missing. */
const fastapi: Framework = {
  name: "FastAPI",
  scheme: "Bearer",
  login: (token) => ({ access_token: token, token_type: "bearer" }),
  noToken: [403, { detail: "Not authenticated" }],
  wrongToken: [401, { detail: "Could not validate credentials" }, { "www-authenticate": "Bearer" }],
  wrongPassword: [404, { detail: "User not found" }],
  empty: [400, { detail: "Insufficient credits" }],
  balance: ["/api/token/", "tokens"],
  notFound: [404, { detail: "Not Found" }],
  wrongMethod: [405, { detail: "Method Not Allowed" }, { allow: "POST" }],
};

/** Express: a path without a handler for the method is a page with 404, also GET of the chat. */
const express: Framework = {
  name: "Express",
  scheme: "Bearer",
  login: (token) => ({ token }),
  noToken: [401, { message: "No token provided" }],
  wrongToken: [403, { message: "Invalid or expired token" }],
  wrongPassword: [400, { message: "Wrong password" }],
  empty: [403, { error: "insufficient_tokens" }],
  notFound: [404, "<!DOCTYPE html>\n<title>Error</title>\n<pre>Cannot GET /</pre>\n"],
  wrongMethod: [404, "<!DOCTYPE html>\n<title>Error</title>\n<pre>Cannot GET /api/chat/</pre>\n"],
};

export const others = [flask, fastapi, express];
