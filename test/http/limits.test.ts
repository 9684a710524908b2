import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, test } from "vitest";
import { answer, bytes, chunk } from "../support/openai-server.ts";
import { openServerWithModels } from "../support/server-with-ai.ts";
import { openTestServer, testModel } from "../support/test-server.ts";

/** docs/http-api.md#limits, docs/http-api.md#history, docs/http-api.md#finish-reasons */

const { ai, server } = openServerWithModels([
  { name: "plain", contextChars: undefined },
  { name: "small", contextChars: 20, fallback: "tiny" },
  { name: "tiny", contextChars: 10 },
  { name: "short", contextChars: 20, messageChars: 5 },
  { name: "alone", contextChars: 0 },
]);
let token: string;
let accounts = 0;
beforeEach(async () => {
  token = await server.token(`jane${(accounts += 1)}`);
  ai.respond(answer("Hello."));
});

const EVENTS = { Accept: "text/event-stream" };
const ask = (body: object, headers: Record<string, string> = {}) =>
  server.post("/api/chat/", { message: "now", ...body }, { Authorization: `Bearer ${token}`, ...headers });
const doneOf = async (reply: Response) =>
  JSON.parse(/event: done\ndata: (.*)/.exec(await reply.text())?.[1] ?? "{}") as Record<string, unknown>;

const turns = (...contents: string[]) =>
  contents.map((content, at) => ({ role: at % 2 === 0 ? "user" : "assistant", content }));
const history = turns("11111", "22222", "333", "44");

/** What the AI got last. */
const got = () => ai.requests.at(-1)!.body.messages.map(({ content }: { content: string }) => content);

describe("limits", () => {
  const all = [
    ["plain", { message: 100_000, context: 100_000, turns: 200 }],
    ["small", { message: 20, context: 20, turns: 200 }],
    ["tiny", { message: 10, context: 10, turns: 200 }],
    ["short", { message: 5, context: 20, turns: 200 }],
    ["alone", { message: 32_000, context: 0, turns: 200 }],
  ] as const;

  test("are told of the default, and of each model in the list", async () => {
    const about = (await (await fetch(`${server.url}/api/`)).json()) as { limits: unknown };
    expect(about.limits).toEqual(all[0][1]);
    const { models } = (await (await fetch(`${server.url}/api/models/`)).json()) as {
      models: { name: string; limits: unknown }[];
    };
    expect(models.map(({ name, limits }) => [name, limits])).toEqual(all);
  });

  test.each(all)("of a message hold for %s, in code points", async (model, { message: most }) => {
    const long = await ask({ model, message: "😀".repeat(most + 1) });
    expect(long.status).toBe(400);
    const detail = `message must have at most ${most} characters.`;
    expect(await long.json()).toMatchObject({
      code: "invalid_request",
      errors: [{ field: "message", detail }],
    });
    expect((await ask({ model, message: ` ${"😀".repeat(most)} ` })).status).toBe(200);
    expect(await server.settled(token)).toBe(3900);
  });

  test("of the body let through what the others allow, in any spelling, packed too", async () => {
    const escaped = (count: number) => `"${String.raw`\u00e9`.repeat(count)}"`;
    const body = `{"message":${escaped(50_000)},"history":[{"role":"user","content":${escaped(100_000)}}]}`;
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const send = (body: string | Buffer<ArrayBuffer>, more = {}) =>
      fetch(`${server.url}/api/chat/`, { method: "POST", headers: { ...headers, ...more }, body });
    expect((await send(body)).status).toBe(200);
    for (const encoding of ["gzip", "X-GZIP"])
      expect((await send(gzipSync(body), { "Content-Encoding": encoding })).status).toBe(200);
    const large = JSON.stringify({ message: "x".repeat(6 * 200_000 + 64 * 1024) });
    expect((await send(large)).status).toBe(413);
    expect((await send(gzipSync(large), { "Content-Encoding": "gzip" })).status).toBe(413);
  });
});

test.each([
  ["of a message without history", { contextChars: 0, messageChars: 150_000 }, 150_000, 0],
  ["of a long history", { contextChars: 150_000, messageChars: 100 }, 100, 149_900],
])("the body lets through escaped emoji %s", async (_what, wishes, message, earlier) => {
  const own = await openTestServer({
    baseUrl: ai.url,
    models: [testModel({ baseUrl: ai.url, upstream: "m", ...wishes })],
  });
  const emoji = (count: number) => `"${String.raw`\ud83d\ude00`.repeat(count)}"`;
  const turns = earlier === 0 ? "" : `{"role":"user","content":${emoji(earlier)}}`;
  const reply = await fetch(`${own.url}/api/chat/`, {
    method: "POST",
    headers: { Authorization: `Bearer ${await own.token("jane")}`, "Content-Type": "application/json" },
    body: `{"message":${emoji(message)},"history":[${turns}]}`,
  });
  expect([reply.status, reply.headers.get("turns-sent")]).toEqual([200, earlier === 0 ? "0" : "1"]);
  await own.close();
});

describe("the reply tells how many turns reached the AI", () => {
  test.each([
    ["plain", 4, ["11111", "22222", "333", "44", "now"]],
    ["small", 4, ["11111", "22222", "333", "44", "now"]],
    ["tiny", 2, ["333", "44", "now"]],
    ["alone", 0, ["now"]],
  ])("at the model %s", async (model, sent, contents) => {
    const plain = await ask({ model, history });
    expect(plain.headers.get("turns-sent")).toBe(String(sent));
    expect(got()).toEqual(contents);
    const streamed = await ask({ model, history }, EVENTS);
    expect(streamed.headers.get("turns-sent")).toBe(String(sent));
    expect(await doneOf(streamed)).toMatchObject({ turns_sent: sent });
    expect(got()).toEqual(contents);
  });

  test("of the fallback, if that one answered", async () => {
    ai.respond((request, response) =>
      request.body.messages.length > 3
        ? void response.writeHead(500).end()
        : answer("Hi.")(request, response),
    );
    for (const headers of [{}, EVENTS]) {
      const reply = await ask({ model: "small", history }, headers);
      expect([reply.headers.get("model"), reply.headers.get("turns-sent")]).toEqual(["tiny", "2"]);
      await reply.text();
    }
  });

  test("in done alone, if the head goes out while the fallback may still answer", async () => {
    const pieces = [
      chunk({ reasoning_content: "Hm." }),
      chunk({ content: "Hi." }, "stop"),
      "data: [DONE]\n\n",
    ];
    ai.respond(bytes(pieces, { type: "text/event-stream" }));
    for (const [model, told] of [
      ["small", null],
      ["plain", "4"],
    ]) {
      const reply = await ask({ model, history }, EVENTS);
      expect(reply.headers.get("turns-sent")).toBe(told);
      expect(await doneOf(reply)).toMatchObject({ turns_sent: 4 });
    }
  });

  test("and asks no fallback that cannot read the whole message", async () => {
    const before = ai.requests.length;
    ai.respond((_request, response) => void response.writeHead(500).end());
    const reply = await ask({ model: "small", message: "eleven char" });
    expect([reply.status, ai.requests.length - before]).toEqual([502, 1]);
  });
});

describe("the reply tells why the AI ended", () => {
  test.each([
    ["stop", "stop"],
    ["length", "length"],
    ["content_filter", "content_filter"],
    ["moon", null],
  ])("%s", async (finish, told) => {
    ai.respond(answer("Once upon", { finish }));
    const plain = await ask({});
    expect(plain.headers.get("finish-reason")).toBe(told);
    expect(await plain.json()).toEqual({ response: "Once upon", tokens_deducted: 100 });
    const streamed = await ask({}, EVENTS);
    // The head is sent before it is known.
    expect(streamed.headers.get("finish-reason")).toBeNull();
    expect(await doneOf(streamed)).toMatchObject({ finish: told, tokens_deducted: 100 });
  });

  test("also in a replay, in both forms, with the turns", async () => {
    ai.respond(answer("Once upon", { finish: "length" }));
    const key = { "Idempotency-Key": "order-1" };
    const first = await ask({ model: "tiny", history }, key);
    expect(first.headers.get("finish-reason")).toBe("length");
    ai.respond(answer("Another."));
    const plain = await ask({ model: "tiny", history }, key);
    const streamed = await ask({ model: "tiny", history }, { ...key, ...EVENTS });
    for (const { headers } of [plain, streamed])
      expect(["idempotent-replayed", "finish-reason", "turns-sent"].map((name) => headers.get(name))).toEqual(
        ["true", "length", "2"],
      );
    expect(await doneOf(streamed)).toMatchObject({ finish: "length", turns_sent: 2 });
    expect(await server.settled(token)).toBe(3900);
  });
});
