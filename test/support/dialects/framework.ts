import type { ServerResponse } from "node:http";
import { openSmallServer, type Seen, type SmallServer } from "../others-server.ts";

/** A reply: a text as it stands (HTML unless the headers say otherwise), anything else as JSON. */
export type Bytes = readonly [status: number, body: unknown, headers?: Record<string, string>];

/** How a chat server answers that somebody wrote with a framework. Facts are from the framework's documentation. */
export interface Framework {
  name: string;
  scheme: "Bearer" | "Token";
  /** The body of a login. */
  login: (token: string) => unknown;
  /** A request without the scheme above. */
  noToken: Bytes;
  /** A token under that scheme that the server does not know. */
  wrongToken: Bytes;
  wrongPassword: Bytes;
  empty: Bytes;
  /** Where the balance is, and its field; none if it is nowhere. */
  balance?: readonly [path: string, field: string];
  notFound: Bytes;
  wrongMethod: Bytes;
}

export interface FrameworkServer extends SmallServer {
  /** The Idempotency-Key of each question that was charged. */
  readonly charged: (string | undefined)[];
  /** From now on the server refuses every token, also those that it gives. */
  refuseTokens(): void;
}

export const PRICE = 100;

function send(response: ServerResponse, [status, body, headers = {}]: Bytes): void {
  const isText = typeof body === "string";
  response.writeHead(status, { "content-type": isText ? "text/html" : "application/json", ...headers });
  response.end(isText ? body : JSON.stringify(body));
}

/** A server of that framework with the endpoints register, login and chat, and its balance. */
export async function openFramework(framework: Framework, tokens = 4000): Promise<FrameworkServer> {
  const accounts = new Map<string, { password: string; tokens: number }>();
  const charged: (string | undefined)[] = [];
  let refusesTokens = false;

  const accountOf = ({ headers }: Seen) => {
    const [scheme, token = ""] = (headers.authorization ?? "").split(" ");
    if (scheme !== framework.scheme) return framework.noToken;
    return (refusesTokens ? undefined : accounts.get(token.slice(2))) ?? framework.wrongToken;
  };

  const replyTo = (seen: Seen): Bytes => {
    const body = (seen.body === "" ? {} : JSON.parse(seen.body)) as Record<string, string>;
    const { username = "", password = "", message = "" } = body;
    const call = `${seen.method} ${seen.url}`;
    if (call === "POST /api/register/") {
      accounts.set(username, { password, tokens });
      return [201, { message: "User created successfully", tokens }];
    }
    if (call === "POST /api/login/")
      return accounts.get(username)?.password === password
        ? [200, framework.login(`t-${username}`)]
        : framework.wrongPassword;
    const isChat = call === "POST /api/chat/";
    if (!isChat && call !== `GET ${framework.balance?.[0]}`)
      return seen.url === "/api/chat/" ? framework.wrongMethod : framework.notFound;
    const account = accountOf(seen);
    if (!("password" in account)) return account;
    if (!isChat) return [200, { [framework.balance?.[1] ?? ""]: account.tokens }];
    if (account.tokens < PRICE) return framework.empty;
    account.tokens -= PRICE;
    charged.push(seen.headers["idempotency-key"] as string | undefined);
    return [200, { response: `You said: ${message}`, tokens_deducted: PRICE }];
  };

  const server = await openSmallServer((seen, response) => send(response, replyTo(seen)));
  return { ...server, charged, refuseTokens: () => void (refusesTokens = true) };
}
