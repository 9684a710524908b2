import { afterEach, describe, expect, it } from "vitest";
import { createApiClient, type ApiClientOptions } from "../../../src/client/http/api-client.ts";
import { ClientError } from "../../../src/client/failure.ts";
import type { AnswerEvent, ApiClient } from "../../../src/client/http/contract.ts";
import {
  openOthersServer,
  openSmallServer,
  type Dialect,
  type SmallServer,
} from "../../support/others-server.ts";

const jane = { username: "jane", password: "strongpassword" };
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((thing) => thing.close()));
});

async function meet(dialect: Dialect, options: Partial<ApiClientOptions> = {}) {
  const server = await openOthersServer(dialect);
  const client = createApiClient({ server: server.url, ...options });
  open.push(client, server);
  return { server, client };
}

async function ask(client: ApiClient, history: { role: "user" | "assistant"; content: string }[] = []) {
  const events: AnswerEvent[] = [];
  for await (const event of client.ask({ message: "hi", history, key: "k1" })) events.push(event);
  return events;
}

const failure = (promise: Promise<unknown>): Promise<ClientError> =>
  promise.then(
    () => {
      throw new Error("It should have failed.");
    },
    (error: unknown) => {
      if (error instanceof ClientError) return error;
      throw error;
    },
  );

const calls = (server: SmallServer) => server.seen.map(({ method, url }) => `${method} ${url}`);

describe("a client of another server", () => {
  const answered = { type: "done", response: "You said: hi", tokensDeducted: 100, tokens: null };

  it.each<[string, Dialect, AnswerEvent, number | null]>([
    ["as documented", {}, answered as AnswerEvent, 3900],
    ["status 200 for register", { registered: 200 }, answered as AnswerEvent, 3900],
    ["the token only in the body", { token: "body" }, answered as AnswerEvent, 3900],
    ["the token only in the header", { token: "header" }, answered as AnswerEvent, 3900],
    ["the scheme Token", { token: "Token" }, answered as AnswerEvent, 3900],
    ["the balance as a string", { balance: "string" }, answered as AnswerEvent, 3900],
    ["a redirect to the slash", { slashless: "301" }, answered as AnswerEvent, 3900],
    ["status 500 without the slash", { slashless: "500" }, answered as AnswerEvent, 3900],
    [
      "a reply without the cost",
      { tellsPrice: false },
      { ...answered, tokensDeducted: null } as AnswerEvent,
      3900,
    ],
  ])("registers, logs in, asks and reads the balance: %s", async (_, dialect, done, left) => {
    const { client } = await meet(dialect);
    expect(await client.register(jane)).toEqual({ tokens: 4000 });
    expect(await client.login(jane)).toEqual({ token: "t-jane" });
    expect(await ask(client)).toEqual([done]);
    expect(await client.balance()).toEqual({ tokens: left, held: null });
  });

  it("sends only the documented call, with the token in body and header", async () => {
    const { client, server } = await meet({});
    await client.register(jane);
    await client.login(jane);
    await ask(client);
    expect(calls(server)).toEqual(["POST /api/register/", "POST /api/login/", "POST /api/chat/"]);
    expect(JSON.parse(server.seen[0]?.body ?? "")).toEqual(jane);
    const question = server.seen[2];
    expect(JSON.parse(question?.body ?? "")).toEqual({ message: "hi", token: "t-jane" });
    expect(question?.headers).toMatchObject({
      authorization: "Bearer t-jane",
      accept: "text/event-stream, application/json;q=0.9",
      "idempotency-key": "k1",
      "content-type": "application/json",
    });
  });

  it("requests the offer once before it would send history, and then sends no history", async () => {
    const { client, server } = await meet({});
    await client.register(jane);
    await client.login(jane);
    const history = [{ role: "user" as const, content: "before" }];
    await ask(client, history);
    await ask(client, history);
    expect(calls(server).slice(2)).toEqual(["GET /api/", "POST /api/chat/", "POST /api/chat/"]);
    expect(server.seen.map(({ body }) => body).join()).not.toContain("before");
    expect((await client.offer()).extensions.size).toBe(0);
  });

  it("finds out the scheme Token once, and uses it from then on", async () => {
    const learned: (string | undefined)[] = [];
    const { client, server } = await meet(
      { token: "Token" },
      { onLearned: ({ scheme }) => learned.push(scheme) },
    );
    await client.register(jane);
    await client.login(jane);
    await ask(client);
    await ask(client);
    await client.balance();
    expect(learned).toEqual(["Token"]);
    expect(server.seen.slice(2).map(({ headers }) => headers.authorization)).toEqual([
      "Bearer t-jane",
      "Token t-jane",
      "Token t-jane",
      "Token t-jane",
    ]);
    expect(server.seen[2]?.headers["idempotency-key"]).toBe(server.seen[3]?.headers["idempotency-key"]);
  });

  it("tries another scheme only once when the token itself is wrong", async () => {
    const learned: (string | undefined)[] = [];
    const { client, server } = await meet(
      { token: "Token" },
      { token: "t-nobody", onLearned: ({ scheme }) => learned.push(scheme) },
    );
    expect(await failure(ask(client))).toMatchObject({ code: "invalid_token", status: 401 });
    expect(server.seen).toHaveLength(2);
    expect(learned).toEqual([]);
  });

  it.each<[NonNullable<Dialect["errors"]>, string]>([
    ["error", "A user with that username already exists."],
    ["detail", "A user with that username already exists."],
    ["message", "A user with that username already exists."],
    ["fields", "username: A user with that username already exists."],
    ["html", "The server answered 400: A user with that username already exists."],
    ["text", "The server answered 400: A user with that username already exists."],
  ])("reports the server's message, sent as %s", async (errors, sentence) => {
    const { client } = await meet({ errors });
    await client.register(jane);
    const error = await failure(client.register(jane));
    expect(error).toMatchObject({ code: "invalid_request", status: 400, message: sentence, charged: "no" });
  });

  it("names the invalid field that the server reports", async () => {
    const { client } = await meet({ errors: "fields" });
    await client.register(jane);
    expect((await failure(client.register(jane))).fields).toEqual([
      { field: "username", detail: "A user with that username already exists." },
    ]);
  });

  it.each<[string, Dialect, Partial<ClientError>]>([
    ["401", {}, { code: "invalid_credentials", status: 401, message: "Invalid credentials" }],
    [
      "400 under non_field_errors",
      { wrongPassword: 400, errors: "fields" },
      { code: "invalid_credentials", status: 400, message: "Invalid credentials" },
    ],
  ])("reports a wrong password, answered with %s", async (_, dialect, expected) => {
    const { client } = await meet(dialect);
    await client.register(jane);
    expect(await failure(client.login({ ...jane, password: "wrong" }))).toMatchObject(expected);
  });

  it.each([402, 403] as const)(
    "keeps the server's message for an empty balance, status %i",
    async (status) => {
      const { client } = await meet({ emptyBalance: status, startingTokens: 50 });
      await client.register(jane);
      await client.login(jane);
      const error = await failure(ask(client));
      expect(error).toMatchObject({ status, message: "Insufficient tokens", charged: "no" });
      expect(error.balance).toBeUndefined();
    },
  );

  it("reports not_offered for the balance of a server without balances", async () => {
    const { client } = await meet({ balance: "missing" });
    await client.register(jane);
    await client.login(jane);
    expect(await failure(client.balance())).toMatchObject({ code: "not_offered", status: 404 });
  });

  it.each<[string, Dialect]>([
    ["as documented", {}],
    ["HTML errors", { errors: "html" }],
    ["a redirect to the slash", { slashless: "301" }],
  ])(
    "reports that usage, logout and password are not offered, without further requests: %s",
    async (_, dialect) => {
      const { client, server } = await meet(dialect);
      await client.register(jane);
      await client.login(jane);
      const before = server.seen.length;
      const passwords = { password: jane.password, newPassword: "a battery staple" };
      const lacking = { code: "not_offered", status: 404 };
      expect(await failure(client.usage(30))).toMatchObject(lacking);
      expect(await failure(client.changePassword(passwords))).toMatchObject(lacking);
      expect(client.token).toBeDefined();
      expect(await failure(client.logout())).toMatchObject(lacking);
      expect(client.token).toBeUndefined();
      expect(calls(server).slice(before)).toEqual([
        "GET /api/usage/?days=30",
        "POST /api/password/",
        "POST /api/logout/",
      ]);
    },
  );

  it.each([
    ["a page", "<h1>Welcome</h1>"],
    ["no days", '{"tokens":1}'],
    ["a day without a date", '{"tokens":1,"days":[{"questions":1,"tokens":2}]}'],
    ["days that are not objects", '{"tokens":1,"days":["2026-11-22"]}'],
  ])("refuses a usage reply that isn't this API's: %s", async (_, body) => {
    const server = await openSmallServer((_seen, response) => void response.writeHead(200).end(body));
    const client = createApiClient({ server: server.url, token: "t" });
    open.push(client, server);
    expect(await failure(client.usage(30))).toMatchObject({ code: "bad_reply" });
  });

  it("recognizes a chat server by its refusal of a balance request without a token", async () => {
    const [json, html] = [await meet({}), await meet({ errors: "html" })];
    expect(await json.client.isChatServer()).toBe(true);
    expect(await html.client.isChatServer()).toBe(false);
    expect(calls(json.server)).toEqual(["GET /api/token_balance/"]);
  });
});
