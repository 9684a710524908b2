import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A received request. */
export interface Seen {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface SmallServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Every request so far, oldest first. */
  readonly seen: Seen[];
  close(): Promise<void>;
}

type Handler = (request: Seen, response: ServerResponse) => void | Promise<void>;

async function read(request: IncomingMessage): Promise<Seen> {
  const pieces: Uint8Array[] = [];
  for await (const piece of request) pieces.push(piece as Uint8Array);
  const { method = "", url = "", headers } = request;
  return { method, url, headers, body: Buffer.concat(pieces).toString("utf8") };
}

/** An HTTP server on a free loopback port that records its requests. */
export async function openSmallServer(handler: Handler): Promise<SmallServer> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    read(request)
      .then((whole) => {
        seen.push(whole);
        return handler(whole, response);
      })
      .catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** How another server differs; a missing field means as in the original documentation. */
export interface Dialect {
  registered?: 200 | 201;
  /** The form of its errors. */
  errors?: "error" | "detail" | "message" | "fields" | "html" | "text";
  /** Where a question's token must be: in the body, in a Bearer header, or in a header of the scheme `Token`. */
  token?: "body" | "header" | "Token";
  emptyBalance?: 402 | 403;
  wrongPassword?: 400 | 401;
  balance?: "number" | "string" | "missing";
  /** Whether a chat reply has `tokens_deducted`. */
  tellsPrice?: boolean;
  /** The reply to a path without its trailing slash. */
  slashless?: "404" | "500" | "301";
  startingTokens?: number;
}

interface Account {
  password: string;
  tokens: number;
}

/** The four paths of the original documentation. */
const paths = ["/api/register/", "/api/login/", "/api/chat/", "/api/token_balance/"];

const pageOf = (sentence: string) =>
  `<!DOCTYPE html>\n<html><head><title>${sentence}</title></head><body><h1>${sentence}</h1></body></html>`;

function refuse(response: ServerResponse, dialect: Dialect, status: number, sentence: string, field: string) {
  const { errors = "error" } = dialect;
  if (errors === "html" || errors === "text") {
    response.writeHead(status, { "content-type": errors === "html" ? "text/html" : "text/plain" });
    response.end(errors === "html" ? pageOf(sentence) : `${sentence}\n`);
    return;
  }
  const body = errors === "fields" ? { [field]: [sentence] } : { [errors]: sentence };
  reply(response, status, body);
}

function reply(response: ServerResponse, status: number, body: unknown) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function tokenOf(seen: Seen, dialect: Dialect, body: Record<string, unknown>): string | undefined {
  if (dialect.token === "body" && seen.method === "POST") return String(body.token);
  const wanted = dialect.token === "Token" ? "Token" : "Bearer";
  const [scheme, token] = (seen.headers.authorization ?? "").split(" ");
  return scheme === wanted ? token : undefined;
}

/** A server that has only the four documented endpoints, independent of this package's server. */
export function openOthersServer(dialect: Dialect = {}): Promise<SmallServer> {
  const accounts = new Map<string, Account>();
  const price = 100;

  const register = (body: Record<string, unknown>, response: ServerResponse) => {
    const [username, password] = [String(body.username), String(body.password)];
    if (accounts.has(username))
      return refuse(response, dialect, 400, "A user with that username already exists.", "username");
    const tokens = dialect.startingTokens ?? 4000;
    accounts.set(username, { password, tokens });
    return reply(response, dialect.registered ?? 201, { message: "User created successfully", tokens });
  };

  const login = (body: Record<string, unknown>, response: ServerResponse) => {
    const username = String(body.username);
    if (accounts.get(username)?.password === body.password)
      return reply(response, 200, { token: `t-${username}` });
    return refuse(response, dialect, dialect.wrongPassword ?? 401, "Invalid credentials", "non_field_errors");
  };

  const chat = (account: Account, body: Record<string, unknown>, response: ServerResponse) => {
    if (account.tokens < price)
      return refuse(response, dialect, dialect.emptyBalance ?? 402, "Insufficient tokens", "tokens");
    account.tokens -= price;
    const paid = (dialect.tellsPrice ?? true) ? { tokens_deducted: price } : {};
    return reply(response, 200, { response: `You said: ${String(body.message)}`, ...paid });
  };

  const balance = (account: Account, response: ServerResponse) => {
    if (dialect.balance === "missing") return refuse(response, dialect, 404, "Not found.", "detail");
    return reply(response, 200, {
      tokens: dialect.balance === "string" ? String(account.tokens) : account.tokens,
    });
  };

  const withoutSlash = (seen: Seen, response: ServerResponse) => {
    if (dialect.slashless === "301") return response.writeHead(301, { location: `${seen.url}/` }).end();
    const status = dialect.slashless === "500" ? 500 : 404;
    return refuse(
      response,
      { errors: "html" },
      status,
      status === 500 ? "RuntimeError at the path" : "Not Found",
      "",
    );
  };

  return openSmallServer((seen, response) => {
    if (paths.includes(`${seen.url}/`)) return void withoutSlash(seen, response);
    if (!paths.includes(seen.url)) return refuse(response, { errors: "html" }, 404, "Not Found", "");
    const body = seen.body === "" ? {} : (JSON.parse(seen.body) as Record<string, unknown>);
    if (seen.url === "/api/register/") return register(body, response);
    if (seen.url === "/api/login/") return login(body, response);
    const account = accounts.get(tokenOf(seen, dialect, body)?.slice(2) ?? "");
    if (!account) {
      response.setHeader("www-authenticate", dialect.token === "Token" ? "Token" : 'Bearer realm="api"');
      return refuse(response, dialect, 401, "Invalid token.", "detail");
    }
    return seen.url === "/api/chat/" ? chat(account, body, response) : balance(account, response);
  });
}
