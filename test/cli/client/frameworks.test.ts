import { afterEach, describe, expect, test, vi } from "vitest";
import { createApiClient, type ApiClientOptions } from "../../../src/client/http/api-client.ts";
import type { ApiClient } from "../../../src/client/http/contract.ts";
import { ClientError } from "../../../src/client/failure.ts";
import { openFramework, PRICE, type Framework } from "../../support/dialects/framework.ts";
import { frameworkNamed, frameworks } from "../../support/dialects/frameworks.ts";
import { openSmallServer } from "../../support/others-server.ts";

/** The client at servers of other frameworks (docs/cli.md#other-servers). */

const jane = { username: "jane", password: "strongpassword" };
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((thing) => thing.close()));
});

async function meet(framework: Framework, options: Partial<ApiClientOptions> = {}, tokens = 4000) {
  const server = await openFramework(framework, tokens);
  const client = createApiClient({ server: server.url, ...options });
  open.push(client, server);
  return { server, client };
}

async function signIn(client: ApiClient) {
  await client.register(jane);
  await client.login(jane);
}

async function ask(client: ApiClient, key = "k1"): Promise<string> {
  let answer = "";
  for await (const event of client.ask({ message: "hi", history: [], key }))
    if (event.type === "done") answer = event.response;
  return answer;
}

const failure = (promise: Promise<unknown>): Promise<ClientError> =>
  promise.then(
    () => Promise.reject(new Error("It should have failed.")),
    (error: unknown) => (error instanceof ClientError ? error : Promise.reject(error as Error)),
  );

const sent = ({ seen }: { seen: { url: string; headers: { authorization?: string } }[] }) =>
  seen.map(({ url, headers }) => [url, headers.authorization?.split(" ")[0]].join(" ").trim());

describe("a client of another framework", () => {
  test.each(frameworks)("registers, logs in, asks once and reads the balance: %s", async (_, framework) => {
    const { client, server } = await meet(framework);
    await signIn(client);
    expect(await ask(client)).toBe("You said: hi");
    expect(server.charged).toEqual(["k1"]);
    const balance = await client.balance().catch((error: ClientError) => error.code);
    expect(balance).toEqual(framework.balance ? { tokens: 4000 - PRICE, held: null } : "not_offered");
  });

  test.each(frameworks)("reports an empty balance as insufficient_tokens: %s", async (_, framework) => {
    const { client, server } = await meet(framework, {}, 50);
    await signIn(client);
    expect(await failure(ask(client))).toMatchObject({ code: "insufficient_tokens", charged: "no" });
    expect(server.charged).toEqual([]);
  });

  test.each(frameworks)("reports a wrong password as invalid_credentials: %s", async (_, framework) => {
    const { client } = await meet(framework);
    await client.register(jane);
    const refused = await failure(client.login({ ...jane, password: "wrong" }));
    expect(refused).toMatchObject({ code: "invalid_credentials", remedy: { kind: "check_password" } });
  });

  // Flask-JWT-Extended answers 422 to a token that it cannot read.
  test.each(frameworks.filter(([, { wrongToken }]) => wrongToken[0] !== 422))(
    "says that a token is refused right after its login: %s",
    async (_, framework) => {
      const { client, server } = await meet(framework);
      server.refuseTokens();
      await signIn(client);
      const refused = await failure(ask(client));
      expect(refused).toMatchObject({
        code: "invalid_token",
        remedy: { kind: "ask_operator" },
        charged: "no",
      });
      expect(refused.message).toContain(`${server.url} refuses the token that it has just given`);
    },
  );

  test.each(frameworks)("is recognized as one of a chat server: %s", async (_, framework) => {
    const { client, server } = await meet(framework);
    expect(await client.isChatServer()).toBe(true);
    expect(server.charged).toEqual([]);
  });
});

describe("the scheme Token, without a challenge that asks for it", () => {
  const session = frameworkNamed("Django REST framework, Token behind SessionAuthentication");

  test("is tried once for a token of this client's login, under the same key, and reported", async () => {
    const learned: unknown[] = [];
    const { client, server } = await meet(session, { onLearned: (what) => learned.push(what) });
    await signIn(client);
    await ask(client);
    await ask(client, "k2");
    expect(sent(server).slice(2)).toEqual(["/api/chat/ Bearer", "/api/chat/ Token", "/api/chat/ Token"]);
    expect(server.seen.slice(2, 4).map(({ headers }) => headers["idempotency-key"])).toEqual(["k1", "k1"]);
    expect(server.charged).toEqual(["k1", "k2"]);
    expect(learned).toEqual([{ token: "t-jane", scheme: "Token", isAccepted: true }]);
  });

  test("is tried for a kept token, and no more once it was refused", async () => {
    const learned: unknown[] = [];
    const kept = { token: "t-jane", isOfLogin: true, onLearned: (what: unknown) => learned.push(what) };
    const { client, server } = await meet(session, kept);
    expect(await failure(ask(client))).toMatchObject({ code: "forbidden", remedy: { kind: "log_in" } });
    expect(await failure(ask(client))).toMatchObject({ code: "forbidden", message: expect.any(String) });
    expect(sent(server)).toEqual(["/api/chat/ Bearer", "/api/chat/ Token", "/api/chat/ Bearer"]);
    expect(learned).toEqual([{ token: "t-jane", scheme: "Bearer", isAccepted: false }]);
  });

  test.each<[string, Framework, Partial<ApiClientOptions>]>([
    ["a token of the environment", session, { token: "t-jane" }],
    ["a token whose scheme is known", session, { token: "t-jane", isOfLogin: true, scheme: "Bearer" }],
    [
      "a token that a challenge for Bearer refused",
      frameworkNamed("simplejwt"),
      { token: "t-nobody", isOfLogin: true },
    ],
    [
      "a token that a challenge for Bearer and others refused",
      { ...session, noToken: [401, {}, { "www-authenticate": 'Basic realm="x", bearer' }] },
      { token: "t-nobody", isOfLogin: true },
    ],
    [
      "a question that is refused for another reason",
      { ...session, noToken: [403, { detail: "Your question is against the rules." }] },
      { token: "t-jane", isOfLogin: true },
    ],
    [
      "a question that is refused without a reason",
      { ...session, noToken: [403, "<h1>403 Forbidden</h1>"] },
      { token: "t-jane", isOfLogin: true },
    ],
  ])("is not tried for %s", async (_, framework, options) => {
    const { client, server } = await meet(framework, options);
    await failure(ask(client));
    expect(sent(server)).toEqual(["/api/chat/ Bearer"]);
  });

  test("is used for a request that was under way while another one learned it", async () => {
    let letGo = () => {};
    const learned = new Promise<void>((resolve) => (letGo = resolve));
    const server = await openSmallServer(async ({ url, headers }, response) => {
      const isToken = headers.authorization === "Token t";
      if (url === "/api/token_balance/" && !isToken) await learned;
      const body = url === "/api/chat/" ? { response: "Yes" } : { tokens: 7 };
      response
        .writeHead(isToken ? 200 : 401)
        .end(JSON.stringify(isToken ? body : { error: "Invalid token" }));
    });
    const client = createApiClient({ server: server.url, token: "t", isOfLogin: true });
    open.push(client, server);
    const balance = client.balance();
    expect(await ask(client)).toBe("Yes");
    letGo();
    expect((await balance).tokens).toBe(7);
  });

  test("is not used for a question that was refused for another reason meanwhile", async () => {
    let letGo = () => {};
    const learned = new Promise<void>((resolve) => (letGo = resolve));
    const server = await openSmallServer(async ({ url, headers }, response) => {
      if (url === "/api/chat/") {
        await learned;
        return void response.writeHead(403).end('{"detail":"Your question is against the rules."}');
      }
      response.writeHead(headers.authorization === "Token t" ? 200 : 401).end('{"tokens":7}');
    });
    const client = createApiClient({ server: server.url, token: "t", isOfLogin: true });
    open.push(client, server);
    const asked = failure(ask(client));
    expect((await client.balance()).tokens).toBe(7);
    letGo();
    expect(await asked).toMatchObject({ code: "forbidden", message: "Your question is against the rules." });
    expect(server.seen.filter(({ url }) => url === "/api/chat/")).toHaveLength(1);
  });

  test("is not kept with the token of a login since", async () => {
    let letGo = () => {};
    const loggedIn = new Promise<void>((resolve) => (letGo = resolve));
    const learned: unknown[] = [];
    const server = await openSmallServer(async ({ url, headers }, response) => {
      if (url === "/api/login/") return void response.end('{"token":"t2"}');
      if (headers.authorization === "Token t1") await loggedIn;
      response.writeHead(headers.authorization?.startsWith("Token") ? 200 : 401).end('{"tokens":7}');
    });
    const client = createApiClient({
      server: server.url,
      token: "t1",
      isOfLogin: true,
      onLearned: (what) => learned.push(what),
    });
    open.push(client, server);
    const balance = client.balance();
    await vi.waitUntil(() => server.seen.length === 2, { timeout: 60_000 });
    await client.login(jane);
    letGo();
    expect((await balance).tokens).toBe(7);
    expect(learned).toEqual([]);
    await client.balance();
    expect(server.seen.slice(-2).map(({ headers }) => headers.authorization)).toEqual([
      "Bearer t2",
      "Token t2",
    ]);
    expect(learned).toEqual([{ token: "t2", scheme: "Token", isAccepted: true }]);
  });

  test("is not tried once a header with Bearer was accepted: the token may have expired since", async () => {
    const framework = frameworkNamed("Django with a check of its own");
    const { client, server } = await meet({
      ...framework,
      scheme: "Bearer",
      balance: ["/api/token_balance/", "tokens"],
    });
    await signIn(client);
    await client.balance();
    server.refuseTokens();
    await failure(ask(client));
    expect(sent(server).slice(2)).toEqual(["/api/token_balance/ Bearer", "/api/chat/ Bearer"]);
  });

  test("is tried for the balance where the chat takes the token in the body and reads no header", async () => {
    const learned: unknown[] = [];
    const server = await openSmallServer(({ url, headers, body }, response) => {
      if (url === "/api/login/") return void response.end('{"token":"t"}');
      const isChat = url === "/api/chat/";
      const isKnown = isChat ? body.includes('"token":"t"') : headers.authorization === "Token t";
      response
        .writeHead(isKnown ? 200 : 401)
        .end(JSON.stringify(isKnown ? { response: "Yes", tokens: 7 } : { error: "Invalid token" }));
    });
    const client = createApiClient({ server: server.url, onLearned: (what) => learned.push(what) });
    open.push(client, server);
    await client.login(jane);
    expect(await ask(client)).toBe("Yes");
    expect((await client.balance()).tokens).toBe(7);
    expect(learned).toEqual([
      { token: "t", scheme: undefined, isAccepted: true },
      { token: "t", scheme: "Token", isAccepted: true },
    ]);
  });

  test("a token that was accepted, or given long ago, is refused like any other", async () => {
    const [now, hour] = [Date.now(), 3_600_000];
    const framework = frameworkNamed("Django with a check of its own");
    const given = await meet(framework, { token: "t", isOfLogin: true, given: now - hour, now: () => now });
    expect(await failure(ask(given.client))).toMatchObject({
      code: "invalid_token",
      message: "Invalid token",
      remedy: { kind: "log_in" },
    });
    const { client, server } = await meet(framework);
    await signIn(client);
    await ask(client);
    server.refuseTokens();
    expect(await failure(ask(client))).toMatchObject({ code: "invalid_token", message: "Invalid token" });
  });
});

describe("the search for the balance", () => {
  const basic = frameworkNamed("Django REST framework, Token behind BasicAuthentication");
  const all = ["/api/token_balance/", "/api/tokens/", "/api/balance/", "/api/token/", "/api/token-balance/"];
  const paths = (server: { seen: { url: string }[] }) => server.seen.map(({ url }) => url);

  test("happens once, and its result is reported", async () => {
    const found: string[] = [];
    const balancePlace = { read: () => found[0], write: (path: string) => found.push(path) };
    const { client, server } = await meet(basic, { token: "t-jane", scheme: "Token", balancePlace });
    await client.register(jane);
    server.seen.splice(0);
    expect(await client.balance()).toEqual({ tokens: 4000, held: null });
    expect(paths(server)).toEqual(all.slice(0, 3));
    expect(found).toEqual(["/api/balance"]);
    server.seen.splice(0);
    await client.balance();
    expect(paths(server)).toEqual(["/api/balance/"]);
    const later = createApiClient({ server: server.url, token: "t-jane", scheme: "Token", balancePlace });
    open.push(later);
    server.seen.splice(0);
    expect((await later.balance()).tokens).toBe(4000);
    expect(paths(server)).toEqual(["/api/balance/"]);
  });

  test("that finds nothing is not repeated", async () => {
    const found: string[] = [];
    const balancePlace = { read: () => found[0], write: (path: string) => found.push(path) };
    const { client, server } = await meet(frameworkNamed("Express"), { token: "t-jane", balancePlace });
    expect(await failure(client.balance())).toMatchObject({ code: "not_offered", status: 404 });
    expect(paths(server)).toEqual(all);
    expect(found).toEqual([""]);
    server.seen.splice(0);
    expect(await failure(client.balance())).toMatchObject({ code: "not_offered" });
    expect(paths(server)).toEqual([all[0]]);
  });

  test.each<[string, (path: string) => [status: number, body: string, headers?: Record<string, string>]]>([
    ["405", () => [405, "{}"]],
    ["401", () => [401, '{"detail":"No."}', { "www-authenticate": "Bearer" }]],
    ["a page", () => [200, "<h1>Tokens</h1>"]],
    ["a list", () => [200, '{"tokens":[1,2]}']],
    ["no field of a balance", () => [200, '{"token":3}']],
    ["a redirect to another server", () => [307, "", { location: "http://127.0.0.1:1/" }]],
    ["a body without end", () => [200, `{"a":"${"x".repeat(100_000)}","tokens":3}`]],
  ])("takes %s for a no", async (_, replyTo) => {
    const server = await openSmallServer(({ url }, response) => {
      const [status, body, headers] = url === all[0] ? [404, ""] : replyTo(url);
      response.writeHead(status, headers).end(body);
    });
    const client = createApiClient({ server: server.url, token: "t" });
    open.push(client, server);
    expect(await failure(client.balance())).toMatchObject({ code: "not_offered", status: 404 });
    expect(paths(server)).toEqual(all);
  });

  test.each([401, 429, 503])("is not remembered where a reply was %i", async (refusal) => {
    let status = refusal;
    const found: string[] = [];
    const server = await openSmallServer(({ url }, response) => {
      response.writeHead(url === all[0] ? 404 : status).end('{"tokens":7}');
    });
    const balancePlace = { read: () => found[0], write: (path: string) => found.push(path) };
    const client = createApiClient({ server: server.url, token: "t", balancePlace });
    open.push(client, server);
    expect(await failure(client.balance())).toMatchObject({ code: "not_offered" });
    status = 200;
    expect((await client.balance()).tokens).toBe(7);
    expect(found).toEqual(["/api/tokens"]);
  });

  test("starts anew when the place that was found is gone, and ignores one that nobody could have found", async () => {
    for (const kept of ["/api/balance", "/api/elsewhere"]) {
      const server = await openSmallServer(({ url }, response) => {
        response.writeHead(url === "/api/token/" ? 200 : 404).end('{"tokens":"7"}');
      });
      const balancePlace = { read: () => kept, write: () => undefined };
      const client = createApiClient({ server: server.url, token: "t", balancePlace });
      open.push(client, server);
      expect((await client.balance()).tokens).toBe(7);
      expect(paths(server)).toEqual([
        ...(kept === "/api/balance" ? ["/api/balance/"] : []),
        ...all.slice(0, 4),
      ]);
    }
  });

  test.each([
    ["balance", 5],
    ["tokens_left", 6],
    ["token_balance", 7],
  ])("the documented endpoint may call the balance %s", async (field, tokens) => {
    const server = await openSmallServer((_seen, response) => void response.end(`{"${field}":"${tokens}"}`));
    const client = createApiClient({ server: server.url, token: "t" });
    open.push(client, server);
    expect(await client.balance()).toEqual({ tokens, held: null });
  });
});
