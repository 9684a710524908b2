import { afterEach, beforeEach } from "vitest";
import { openFakeOpenAi, type FakeOpenAi } from "./openai-server.ts";
import type { Places } from "./postgres-places.ts";
import { makeHome, startProgram, type Home, type Running } from "./run-program.ts";
import { PASSWORD } from "./test-server.ts";

/** A process of `ai-chat serve`. */
export interface Server {
  url: string;
  running: Running;
}

/** Servers on the place of each test, and the AI that answers them; empty until a test runs. */
export interface Servers {
  readonly upstream: FakeOpenAi;
  readonly home: Home;
  start(env?: Record<string, string>): Promise<Server>;
  startMany(count: number): Promise<Server[]>;
}

/** Opens {@link Servers}; the servers that a test started are killed when it ends. */
export function openServers(places: Places): Servers {
  let upstream: FakeOpenAi;
  let home: Home;
  const started: Server[] = [];
  beforeEach(async () => {
    [upstream, home] = [await openFakeOpenAi(), await makeHome()];
  });
  afterEach(async () => {
    for (const { running } of started.splice(0)) {
      running.child.kill("SIGKILL");
      await running.ended;
    }
    await upstream.close();
    await home.remove();
  });

  async function start(env: Record<string, string> = {}): Promise<Server> {
    const running = await startProgram(["serve", "--port", "0", "--json", "--log", "json"], {
      home,
      env: {
        AI_CHAT_STORE: places.place.url,
        AI_CHAT_PROVIDER: "openai",
        AI_CHAT_BASE_URL: upstream.url,
        AI_CHAT_API_KEY: "none",
        AI_CHAT_MODEL: "fake-model",
        ...env,
      },
    });
    let printed = "";
    running.child.stdout?.on("data", (text: string) => (printed += text));
    await running.sees("\n");
    const server = { url: (JSON.parse(printed) as { url: string }).url, running };
    started.push(server);
    return server;
  }

  return {
    get upstream() {
      return upstream;
    },
    get home() {
      return home;
    },
    start,
    startMany: (count) => Promise.all(Array.from({ length: count }, () => start())),
  };
}

/** Sends JSON by POST. */
export const post = (
  server: Server,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(server.url + path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

/** A new token of an account, which is registered first if needed. */
export async function tokenFrom(server: Server, username = "jane", password = PASSWORD): Promise<string> {
  await post(server, "/api/register/", { username, password });
  const reply = await post(server, "/api/login/", { username, password });
  return ((await reply.json()) as { token: string }).token;
}

/** Asks one question. */
export const ask = (server: Server, token: string, key?: string): Promise<Response> =>
  post(
    server,
    "/api/chat/",
    { message: "Hello?", token },
    key === undefined ? {} : { "Idempotency-Key": key },
  );

/** The balance of the token's account at a server. */
export async function balance(server: Server, token: string): Promise<{ tokens: number; held: number }> {
  const reply = await fetch(`${server.url}/api/token_balance/`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  const { tokens } = (await reply.json()) as { tokens: number };
  return { tokens, held: Number(reply.headers.get("tokens-held")) };
}
