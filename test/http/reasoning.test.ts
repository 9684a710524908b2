import { afterEach, describe, expect, test, vi } from "vitest";
import { ApiError } from "../../src/server/core/api-error.ts";
import type { Ledger } from "../../src/server/core/ports.ts";
import type { Provider } from "../../src/server/core/provider.ts";
import { openRawClient, rawQuestion } from "./raw-client.ts";
import { gate, openWiredServer } from "./wired-server.ts";

/** Reasoning and silence before the first delta (docs/http-api.md#streaming). */

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const close of closers.splice(0).reverse()) await close();
});

type Asked = Parameters<Provider["answer"]>[0];
type Wishes = Partial<Parameters<typeof openWiredServer>[0]>;

/** A server whose AI is the test: `asked` resolves to what it gets, and `answer` lets it end. */
async function setUp(wishes: Wishes = {}) {
  const asked = gate<Asked>();
  const answered = gate<string | Error>();
  const provider: Provider = {
    model: "m",
    async answer(request) {
      asked.open(request);
      const answer = await answered.opened;
      if (answer instanceof Error) throw answer;
      request.onDelta?.([answer]);
      return answer;
    },
    close: async () => {},
  };
  const server = await openWiredServer({ provider, ...wishes });
  closers.push(() => server.close());
  return { server, asked: asked.opened, answer: answered.open };
}

async function ask({ port, token }: { port: number; token: string }, headers: Record<string, string> = {}) {
  const client = await openRawClient(port);
  client.send(rawQuestion(token, { Accept: "text/event-stream", Connection: "close", ...headers }));
  return client;
}

const failed = new ApiError("upstream_error", "The AI failed.");

describe("reasoning", () => {
  test("comes as events of its own, and is not in the answer", async () => {
    const { server, asked, answer } = await setUp();
    const client = await ask(server);
    const { onReasoning } = await asked;
    onReasoning?.("Hm, ");
    onReasoning?.("1 + 1.\n");
    const early = await client.until("+ 1.");
    expect(early).toContain(
      'event: reasoning\ndata: {"text":"Hm, "}\n\nevent: reasoning\ndata: {"text":"1 + 1.\\n"}\n\n',
    );
    expect(early).not.toContain("delta");
    answer("2");
    expect(await client.ended()).toContain(
      'event: done\ndata: {"response":"2","tokens_deducted":100,"tokens_remaining":3900,"model":"small","finish":null,"turns_sent":0}\n\n',
    );
  });

  test("costs nothing if the client leaves before the first delta", async () => {
    const { server, asked } = await setUp();
    const client = await ask(server);
    const { onReasoning, signal } = await asked;
    onReasoning?.("Hm");
    await client.until("Hm");
    const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", resolve));
    client.vanish();
    await aborted;
    await server.questions.drain(60_000);
    expect(await server.balance()).toEqual({ tokens: 4000, held: 0 });
  });

  test("costs nothing if no answer follows, which is then an event", async () => {
    const { server, asked, answer } = await setUp();
    const client = await ask(server);
    (await asked).onReasoning?.("Hm");
    await client.until("Hm");
    answer(failed);
    const came = await client.ended();
    expect(came).toMatch(/^HTTP\/1\.1 200 /);
    expect(came).toMatch(/event: error\ndata: \{.*"status":502.*"code":"upstream_error"/);
    expect(await server.balance()).toEqual({ tokens: 4000, held: 0 });
  });

  test("is left out of a plain answer", async () => {
    const { server, asked, answer } = await setUp();
    const client = await ask(server, { Accept: "application/json" });
    expect((await asked).onReasoning).toBeUndefined();
    answer("2");
    expect(await client.ended()).toMatch(/\r\n\r\n\{"response":"2","tokens_deducted":100\}$/);
  });
});

describe("after 10 s without a delta", () => {
  const fakeClock = () => vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });

  test("a stream has its head and a ping, and then its answer", async () => {
    fakeClock();
    const { server, asked, answer } = await setUp();
    const client = await ask(server);
    await asked;
    vi.advanceTimersByTime(11_000);
    expect(await client.until(": ping\n\n")).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    vi.advanceTimersByTime(16_000);
    await client.until(": ping\n\n", 2);
    answer("2");
    expect(await client.ended()).toMatch(/event: delta\ndata: \{"text":"2"\}[^]*event: done/);
    expect(await server.balance()).toEqual({ tokens: 3900, held: 0 });
  });

  test("a failure of the AI is an event", async () => {
    fakeClock();
    const { server, asked, answer } = await setUp();
    const client = await ask(server);
    await asked;
    vi.advanceTimersByTime(11_000);
    await client.until(": ping");
    answer(failed);
    expect(await client.ended()).toMatch(/event: error\ndata: \{.*"code":"upstream_error"/);
    expect(await server.balance()).toEqual({ tokens: 4000, held: 0 });
  });

  test("a failure of the charge is an event", async () => {
    fakeClock();
    const around = (): Partial<Ledger> => ({
      charge: () => Promise.reject(new ApiError("store_unavailable", "The store is full.")),
    });
    const { server, asked, answer } = await setUp({ around });
    const client = await ask(server);
    await asked;
    vi.advanceTimersByTime(11_000);
    await client.until(": ping");
    answer("2");
    expect(await client.ended()).toMatch(/event: error\ndata: \{.*"code":"store_unavailable"/);
    expect(await server.balance()).toEqual({ tokens: 4000, held: 0 });
  });

  test("a replay that fails is an event, and the head says that it is a replay", async () => {
    fakeClock();
    const around = (): Partial<Ledger> => ({
      hold: async () => ({ kind: "paid", cost: 100, model: undefined }),
    });
    const { server, asked, answer } = await setUp({ around });
    const client = await ask(server, { "Idempotency-Key": "k" });
    await asked;
    vi.advanceTimersByTime(11_000);
    expect(await client.until(": ping")).toContain("\r\nIdempotent-Replayed: true\r\n");
    answer(failed);
    expect(await client.ended()).toMatch(/event: error\ndata: \{.*"code":"upstream_error"/);
  });

  test("a client that leaves pays nothing", async () => {
    fakeClock();
    const { server, asked } = await setUp();
    const client = await ask(server);
    const { signal } = await asked;
    vi.advanceTimersByTime(11_000);
    await client.until(": ping");
    const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", resolve));
    client.vanish();
    await aborted;
    await server.questions.drain(60_000);
    expect(await server.balance()).toEqual({ tokens: 4000, held: 0 });
  });

  test("a hold that takes longer still gives its own status", async () => {
    fakeClock();
    const holding = gate();
    const go = gate();
    const around = (real: Ledger): Partial<Ledger> => ({
      async hold(request) {
        holding.open();
        await go.opened;
        return { kind: "insufficient", balance: await real.balance(request.account) };
      },
    });
    const { server } = await setUp({ around });
    const client = await ask(server);
    await holding.opened;
    vi.advanceTimersByTime(60_000);
    go.open();
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 402 /);
  });

  test("a plain question still waits for its status", async () => {
    fakeClock();
    const { server, asked, answer } = await setUp();
    const client = await ask(server, { Accept: "application/json" });
    await asked;
    vi.advanceTimersByTime(60_000);
    answer(failed);
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 502 /);
  });
});
