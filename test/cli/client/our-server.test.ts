import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createApiClient } from "../../../src/client/http/api-client.ts";
import { askAgain } from "../../../src/client/http/ask-again.ts";
import { ClientError } from "../../../src/client/failure.ts";
import type { AnswerEvent, ApiClient } from "../../../src/client/http/contract.ts";
import { openTestServer, PASSWORD, type TestServer } from "../../support/test-server.ts";

let server: TestServer;
const open: ApiClient[] = [];
beforeAll(async () => {
  server = await openTestServer({ startingTokens: 250 });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});
afterAll(() => server.close());

function newClient(): ApiClient {
  const client = createApiClient({ server: server.url });
  open.push(client);
  return client;
}

async function signedIn(username: string): Promise<ApiClient> {
  const client = newClient();
  await client.register({ username, password: PASSWORD });
  await client.login({ username, password: PASSWORD });
  return client;
}

async function hear(client: ApiClient, message: string, key: string): Promise<AnswerEvent[]> {
  const events: AnswerEvent[] = [];
  for await (const event of askAgain(client, { message, history: [], key })) events.push(event);
  return events;
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("a client of this package's server", () => {
  it("receives an answer in pieces that add up to the text, and the balance", async () => {
    const client = await signedIn("jane");
    const events = await hear(client, "hi", "k1");
    const done = events.at(-1);
    const text = events.flatMap((event) => (event.type === "delta" ? [event.text] : [])).join("");
    expect(events.length).toBeGreaterThan(2);
    expect(done).toEqual({
      type: "done",
      response: text,
      model: "demo",
      finish: "stop",
      turnsSent: 0,
      tokensDeducted: 100,
      tokens: 150,
    });
    expect(await client.balance()).toMatchObject({ tokens: 150, held: 0 });
  });

  it("is charged once for one key, and learns price and balance when the tokens don't suffice", async () => {
    const client = await signedIn("joe");
    await hear(client, "hi", "k1");
    expect((await hear(client, "hi", "k1")).at(-1)).toMatchObject({ tokens: 150 });
    await hear(client, "hi", "k2");
    expect(await failure(hear(client, "hi", "k3"))).toMatchObject({
      code: "insufficient_tokens",
      status: 402,
      balance: { tokens: 50, held: 0, required: 100 },
      requestId: expect.any(String),
    });
  });

  it("is charged for an answer that it interrupts, and no tokens stay held", async () => {
    const client = await signedIn("jill");
    for await (const event of client.ask({ message: "hi", history: [], key: "k1" }))
      if (event.type === "delta") break;
    let now = await client.balance();
    while (now.held !== 0) now = await client.balance();
    expect(now).toMatchObject({ tokens: 150, held: 0 });
  });

  it("receives the server's offer, and recognizes it as a chat server", async () => {
    const client = newClient();
    expect(await client.isChatServer()).toBe(true);
    const offer = await client.offer();
    expect(offer).toMatchObject({ price: 100, model: "demo" });
    expect(offer.extensions.has("history")).toBe(true);
  });

  it("receives every error of a registration", async () => {
    const error = await failure(newClient().register({ username: "a b", password: "short" }));
    expect(error).toBeInstanceOf(ClientError);
    const { code, fields } = error as ClientError;
    expect([code, fields?.map(({ field }) => field)]).toEqual(["invalid_request", ["username", "password"]]);
  });

  it("distinguishes a taken name, a wrong password and an invalid token", async () => {
    const client = await signedIn("jack");
    expect(await failure(client.register({ username: "JACK", password: PASSWORD }))).toMatchObject({
      code: "username_taken",
    });
    expect(await failure(client.login({ username: "jack", password: "wrong horse" }))).toMatchObject({
      code: "invalid_credentials",
    });
    const stranger = createApiClient({ server: server.url, token: "nonsense" });
    open.push(stranger);
    expect(await failure(stranger.balance())).toMatchObject({ code: "invalid_token", status: 401 });
  });

  it("receives the usage of each day", async () => {
    const client = await signedIn("jude");
    await hear(client, "hi", "k1");
    const { tokens, days } = await client.usage(90);
    expect([tokens, days.length]).toEqual([150, 90]);
    expect(days.reduce((sum, { questions }) => sum + questions, 0)).toBe(1);
    expect(days.reduce((sum, day) => sum + day.tokens, 0)).toBe(100);
    expect((await client.usage(1)).days).toHaveLength(1);
  });

  it("revokes the token at logout, and has no token afterwards", async () => {
    const client = newClient();
    await client.register({ username: "june", password: PASSWORD });
    const { token } = await client.login({ username: "june", password: PASSWORD });
    await client.logout();
    expect(client.token).toBeUndefined();
    const other = createApiClient({ server: server.url, token });
    open.push(other);
    expect(await failure(other.balance())).toMatchObject({ code: "invalid_token", status: 401 });
    expect(await failure(other.logout())).toMatchObject({ code: "invalid_token" });
    expect(other.token).toBeUndefined();
  });

  it("changes a password, continues with the new token, and the other tokens are revoked", async () => {
    const [client, other] = [await signedIn("jim"), newClient()];
    await other.login({ username: "jim", password: PASSWORD });
    const newPassword = "a battery staple";
    const wrong = await failure(client.changePassword({ password: "wrong horse", newPassword }));
    expect(wrong).toMatchObject({ code: "invalid_credentials", status: 401 });
    const short = await failure(client.changePassword({ password: PASSWORD, newPassword: "short" }));
    expect(short).toMatchObject({ code: "invalid_request", fields: [{ field: "new_password" }] });
    const { token } = await client.changePassword({ password: PASSWORD, newPassword });
    expect(token).not.toBe("");
    expect(await client.balance()).toMatchObject({ tokens: 250, held: 0 });
    expect(await failure(other.balance())).toMatchObject({ code: "invalid_token" });
    await other.login({ username: "jim", password: newPassword });
  });
});
