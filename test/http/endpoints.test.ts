import { describe, expect, test } from "vitest";
import { answer } from "../support/openai-server.ts";
import { PASSWORD } from "../support/test-server.ts";
import { openServerWithAi } from "../support/server-with-ai.ts";

const { ai, server } = openServerWithAi();

const json = "application/json";
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

describe.each(["", "/"])("with %j at the end of the path", (slash) => {
  const name = `jane${slash && "2"}`;
  const credentials = { username: name, password: PASSWORD };

  test("registering gives exactly the documented reply", async () => {
    const reply = await server.post(`/api/register${slash}`, credentials);
    expect(reply.status).toBe(201);
    expect(reply.headers.get("content-type")).toBe(json);
    expect(await reply.text()).toBe('{"message":"User created successfully","tokens":4000}');
  });

  test("logging in gives a token, and another one each time", async () => {
    const replies = await Promise.all([1, 2].map(() => server.post(`/api/login${slash}`, credentials)));
    expect(replies.map((reply) => reply.status)).toEqual([200, 200]);
    const bodies = await Promise.all(replies.map((reply) => reply.text()));
    for (const body of bodies) expect(body).toMatch(/^\{"token":"[\w.-]+"\}$/);
    expect(bodies[0]).not.toBe(bodies[1]);
  });

  test("a question gives exactly the documented reply, and the balance in a header", async () => {
    const { token } = (await (await server.post(`/api/login${slash}`, credentials)).json()) as {
      token: string;
    };
    ai.respond(answer('Grüße, "Jane"\n'));
    const reply = await server.post(`/api/chat${slash}`, { message: "hi" }, bearer(token));
    expect(reply.status).toBe(200);
    expect(reply.headers.get("content-type")).toBe(json);
    expect(reply.headers.get("tokens-remaining")).toBe("3900");
    expect(reply.headers.get("cache-control")).toBe("no-store");
    expect(await reply.text()).toBe('{"response":"Grüße, \\"Jane\\"\\n","tokens_deducted":100}');

    const inBody = await server.post(`/api/chat${slash}`, { message: "hi", token });
    expect(inBody.headers.get("tokens-remaining")).toBe("3800");

    const balance = await fetch(`${server.url}/api/token_balance${slash}`, { headers: bearer(token) });
    expect(balance.headers.get("tokens-held")).toBe("0");
    expect(balance.headers.get("account")).toBe(name);
    expect(await balance.text()).toBe('{"tokens":3800}');
  });

  test("the public paths describe the server and its state", async () => {
    const about = await fetch(`${server.url}/api${slash}`);
    expect(await about.json()).toEqual({
      name: "ai-chat-system",
      version: "0.0.0-test",
      price: 100,
      starting_tokens: 4000,
      registration: "open",
      model: "fake-model",
      limits: { message: 48_000, context: 48_000, turns: 200 },
      extensions: [
        "stream",
        "history",
        "idempotency",
        "usage",
        "logout",
        "password",
        "reasoning",
        "instructions",
        "keys",
      ],
    });
    expect(await (await fetch(`${server.url}/healthz${slash}`)).text()).toBe('{"status":"ok"}');
    expect(await (await fetch(`${server.url}/readyz${slash}`)).text()).toBe('{"status":"ready"}');
  });
});

test("HEAD gives what GET gives, without its body", async () => {
  const [head, get] = await Promise.all([
    fetch(`${server.url}/api/`, { method: "HEAD" }),
    fetch(`${server.url}/api/`),
  ]);
  expect(head.status).toBe(200);
  expect(head.headers.get("content-length")).toBe(get.headers.get("content-length"));
  expect(await head.text()).toBe("");
});

test("a name is found in any case", async () => {
  await server.post("/api/register", { username: "MiXed", password: PASSWORD });
  expect((await server.post("/api/login", { username: "mixED", password: PASSWORD })).status).toBe(200);
  expect((await server.post("/api/register", { username: "mixed", password: PASSWORD })).status).toBe(409);
});

test("a name of a property of JavaScript objects is accepted", async () => {
  for (const username of ["__proto__", "constructor", "toString"]) {
    expect((await server.post("/api/register", { username, password: PASSWORD })).status).toBe(201);
    expect((await server.post("/api/login", { username, password: PASSWORD })).status).toBe(200);
  }
});

test("the trimmed message goes upstream after the history that the client sent", async () => {
  const token = await server.token("historian");
  const history = [
    { role: "user", content: "one" },
    { role: "assistant", content: "two" },
  ];
  const before = ai.requests.length;
  await server.post("/api/chat/", { message: "  three\n", history }, bearer(token));
  expect(ai.requests[before]!.body.messages).toEqual([...history, { role: "user", content: "three" }]);
});

test("every reply has the client's request id if it is valid, else a new one", async () => {
  const idOf = async (id: string) =>
    (await fetch(`${server.url}/nothing`, { headers: { "X-Request-Id": id } })).headers.get("x-request-id");
  expect(await idOf("A-1.b_2")).toBe("A-1.b_2");
  expect(await idOf("x".repeat(128))).toBe("x".repeat(128));
  expect(await idOf("x".repeat(129))).toMatch(/^[\w-]{36}$/);
  expect(await idOf("two words")).toMatch(/^[\w-]{36}$/);
});

test("41 questions in a row: 40 are answered and charged, one is refused for lack of tokens", async () => {
  const token = await server.token("spender");
  ai.respond(answer("ok"));
  const ask = () => server.post("/api/chat/", { message: "hi" }, bearer(token));
  for (let i = 0; i < 40; i++)
    expect((await ask()).headers.get("tokens-remaining")).toBe(String(3900 - i * 100));
  const last = await ask();
  expect(last.status).toBe(402);
  expect(last.headers.get("retry-after")).toBeNull();
  expect(await last.json()).toMatchObject({ code: "insufficient_tokens", tokens: 0, held: 0, required: 100 });
});

test("60 questions in parallel, at both endpoints: 40 are charged, and the balance never goes below zero", async () => {
  const token = await server.token("crowd");
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  ai.respond(answer([released, "ok"] as never));
  const before = ai.requests.length;
  const completion = { messages: [{ role: "user", content: "hi" }] };
  const asked = Array.from({ length: 60 }, (_, index) =>
    index % 2 === 0
      ? server.post("/api/chat/", { message: "hi" }, bearer(token))
      : server.post("/v1/chat/completions", completion, bearer(token)),
  );
  await ai.arrived(before + 40);
  const refused = await Promise.race(asked);
  expect(refused.headers.get("retry-after")).toBe("1");
  expect([refused.status, await refused.json()]).toMatchObject(
    refused.url.includes("/v1/")
      ? [429, { error: { code: "rate_limit_exceeded" } }]
      : [402, { code: "tokens_held", tokens: 4000, held: 4000, required: 100 }],
  );
  release();
  const statuses = (await Promise.all(asked)).map((reply) => reply.status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(40);
  expect(statuses.filter((status) => status === 402 || status === 429)).toHaveLength(20);
  expect(await server.balance(token)).toEqual({ tokens: 0, held: 0 });
});
