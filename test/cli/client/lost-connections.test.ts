import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createApiClient, type ApiClientOptions } from "../../../src/client/http/api-client.ts";
import { askAgain } from "../../../src/client/http/ask-again.ts";
import type { ApiClient } from "../../../src/client/http/contract.ts";
import { Proxies } from "../../../src/cli/connection/proxies.ts";
import { after, answer } from "../../support/openai-server.ts";
import { openSmallServer } from "../../support/others-server.ts";
import { openServerWithAi } from "../../support/server-with-ai.ts";
import { openTcpProxy, type TcpProxy } from "../../support/tcp-proxy.ts";

const { ai, server } = openServerWithAi();
// Fake timers, also for undici. Only Node's internal socket timers are real.
beforeAll(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterAll(() => void vi.useRealTimers());

let wire: TcpProxy;
let people = 0;
let token: string;
const open: { close(): Promise<void> }[] = [];
beforeEach(async () => {
  wire = await openTcpProxy(server.port);
  open.push(wire);
  token = await server.token(`person${(people += 1)}`);
  ai.requests.length = 0;
  ai.respond(answer("The answer."));
});
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

function clientOf(options: Partial<ApiClientOptions> = {}): ApiClient {
  const client = createApiClient({ server: `http://127.0.0.1:${wire.port}`, token, ...options });
  open.push(client);
  return client;
}

const straight = clientOf;
const throughProxy = () =>
  clientOf({
    server: "http://chat.example.org",
    openDispatcher: (limits) =>
      new Proxies({ http: `http://127.0.0.1:${wire.port}`, https: "", none: "", connect: 10, limits }),
  });

async function ask(client: ApiClient) {
  const question = { message: "hi", history: [], key: "key" };
  for await (const event of askAgain(client, question)) if (event.type === "done") return event;
  return undefined;
}

/** Resolves when the data sent (or answered) over the wire contains the text. */
const passing = (way: "seen" | "answered", text: string) =>
  new Promise<void>((resolve) => {
    wire[way] = (data) => {
      if (data.includes(text)) resolve();
    };
  });

/** Makes a call, and waits until undici marks its connection as free. */
async function use(client: ApiClient): Promise<void> {
  await client.balance();
  await otherWork();
}

/** Gives pending work time to finish: a few round trips to the server. */
async function otherWork(): Promise<void> {
  for (let trips = 0; trips < 3; trips += 1) await server.balance(token);
}

const paidOnce = async () => {
  expect(ai.requests.filter(({ path }) => path.endsWith("/chat/completions"))).toHaveLength(1);
  expect(await server.settled(token)).toBe(3900);
};

describe.each([
  ["straight", straight],
  ["through a proxy", throughProxy],
])("a connection %s that died", (_way, newClient) => {
  it("is replaced by a new one after 5 s, and the question is charged once", async () => {
    const client = newClient();
    await use(client);
    wire.deaden();
    const sent = passing("seen", "POST");
    const asked = ask(client);
    await sent;
    vi.advanceTimersByTime(4999);
    await otherWork();
    expect(wire.connections).toBe(1);
    vi.advanceTimersByTime(1);
    expect(await asked).toMatchObject({ response: "The answer.", tokensDeducted: 100, tokens: 3900 });
    await paidOnce();
  });

  it("is kept for at most 4 s, whatever keep-alive the server offers", async () => {
    const client = newClient();
    await use(client);
    vi.advanceTimersByTime(3999);
    await use(client);
    expect(wire.connections).toBe(1);
    vi.advanceTimersByTime(4000);
    await client.balance();
    expect(wire.connections).toBe(2);
  });
});

describe("a slow AI", () => {
  it("answers and charges once when the question is sent again after a used connection", async () => {
    let release!: () => void;
    ai.respond(after(new Promise<void>((resolve) => (release = resolve)), answer("At last.")));
    const client = clientOf();
    await use(client);
    const asked = ask(client);
    await ai.arrived(1);
    const refused = passing("answered", "request_in_progress");
    vi.advanceTimersByTime(5000);
    await refused;
    release();
    expect(await asked).toMatchObject({ response: "At last.", tokens: 3900 });
    await paidOnce();
  });

  it("gets no second request when the connection is new", async () => {
    let release!: () => void;
    ai.respond(after(new Promise<void>((resolve) => (release = resolve)), answer("At last.")));
    const asked = ask(clientOf());
    await ai.arrived(1);
    vi.advanceTimersByTime(5000);
    await otherWork();
    expect(wire.connections).toBe(1);
    release();
    expect(await asked).toMatchObject({ response: "At last." });
    await paidOnce();
  });

  it("gets no second request when the server has no idempotency keys", async () => {
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    const paths: string[] = [];
    const others = await openSmallServer(async ({ method, url }, response) => {
      paths.push(`${method} ${url}`);
      if (url.startsWith("/api/chat")) await released;
      const isKnown = url.startsWith("/api/chat") || url.startsWith("/api/token_balance");
      response.writeHead(isKnown ? 200 : 404, { "content-type": "application/json" });
      response.end(JSON.stringify({ response: "At last.", tokens: 4000 }));
    });
    open.push(others);
    wire.lead(Number(new URL(others.url).port));
    const client = clientOf();
    await use(client);
    const sent = passing("seen", "POST");
    const asked = ask(client);
    await sent;
    const looked = passing("seen", "GET /api/ ");
    vi.advanceTimersByTime(5000);
    await looked;
    await use(client);
    release();
    expect(await asked).toMatchObject({ response: "At last." });
    expect(paths.filter((path) => path.startsWith("POST"))).toHaveLength(1);
  });
});

describe("a client whose machine slept", () => {
  it.each([
    ["slept for a minute", 60_000],
    ["set its clock back", -60_000],
  ])("that %s uses no old connection", async (_what, jump) => {
    let jumped = 0;
    const client = clientOf({ now: () => 1e12 + jumped, monotonic: () => 0 });
    await use(client);
    wire.deaden();
    jumped = jump;
    let sent = 0;
    wire.seen = (data) => (sent += data.includes("POST /api/chat") ? 1 : 0);
    expect(await ask(client)).toMatchObject({ tokens: 3900 });
    expect(wire.connections).toBe(2);
    expect(sent).toBe(1);
  });

  it("receives the end of an answer that had begun", async () => {
    let release!: () => void;
    const held = new Promise<void>((resolve) => (release = resolve));
    ai.respond(answer(["The ", held, "end."]));
    let slept = 0;
    const client = clientOf({ now: () => 1e12 + slept, monotonic: () => 0 });
    const begun = passing("answered", "The ");
    const asked = ask(client);
    await begun;
    slept = 60_000;
    await client.balance();
    release();
    expect(await asked).toMatchObject({ response: "The end." });
    await paidOnce();
  });

  it("keeps its connection while its two clocks drift apart slowly", async () => {
    let drift = 0;
    const client = clientOf({ now: () => 1e12 + drift, monotonic: () => 0 });
    for (; drift < 3000; drift += 900) await use(client);
    expect(wire.connections).toBe(1);
  });
});
