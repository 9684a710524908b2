import { describe, expect, test } from "vitest";
import { answer } from "../support/openai-server.ts";
import { openServerWithAi } from "../support/server-with-ai.ts";
import { openRawClient, rawQuestion, rawRequest } from "./raw-client.ts";
import { gate } from "./wired-server.ts";

const { ai, server } = openServerWithAi();

const CHUNKED = { "Content-Type": "application/json", "Transfer-Encoding": "chunked" };
const NO_HOST = "GET /healthz HTTP/1.1\r\nX-Request-Id: mine\r\n\r\n";

/** The one reply in all that came on a connection. */
function parseReply(text: string) {
  const [head = "", body = ""] = text.split("\r\n\r\n");
  const [line = "", ...lines] = head.split("\r\n");
  const headers = Object.fromEntries(lines.map((each) => each.toLowerCase().split(": ")));
  return { status: Number(line.split(" ")[1]), headers, problem: JSON.parse(body) };
}

const lineOf = async (id: string) => {
  for (;;) {
    const line = server.log.find(({ request_id }) => request_id === id);
    if (line) return line;
    await new Promise(setImmediate);
  }
};

const cases: [what: string, text: string, status: number, code: string][] = [
  [
    "a body of broken chunks",
    rawRequest("POST", "/api/login/", { ...CHUNKED, "X-Request-Id": "broken" }) + "zz\r\n",
    400,
    "invalid_request",
  ],
  [
    "a broken chunk after a whole one",
    rawRequest("POST", "/api/login/", { ...CHUNKED, "X-Request-Id": "half" }) + "1\r\n{\r\nzz\r\n",
    400,
    "invalid_request",
  ],
  [
    "a packed body of broken chunks",
    rawRequest("POST", "/api/login/", { ...CHUNKED, "Content-Encoding": "gzip", "X-Request-Id": "packed" }) +
      "zz\r\n",
    400,
    "invalid_request",
  ],
  [
    "a body of broken chunks for a path that is not there",
    rawRequest("POST", "/nothing", { ...CHUNKED, "X-Request-Id": "nowhere" }) + "zz\r\n",
    400,
    "invalid_request",
  ],
  ["a request without Host", NO_HOST, 400, "invalid_request"],
  ...["Host: other", "authorization: Bearer other", "Content-Type: text/plain"].map(
    (second): (typeof cases)[number] => [
      `a second ${second.split(":")[0]}`,
      rawRequest("POST", "/api/chat/", { Authorization: "Bearer one", "X-Request-Id": "twice" }, {}).replace(
        "Host:",
        `${second}\r\nHost:`,
      ),
      400,
      "invalid_request",
    ],
  ),
  [
    "an expectation that nobody knows",
    rawRequest("GET", "/healthz", { Expect: "something", "X-Request-Id": "hopes" }),
    400,
    "invalid_request",
  ],
  [
    "CONNECT",
    "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\nX-Request-Id: tunnel\r\n\r\n",
    404,
    "not_found",
  ],
];

test.each(cases)("%s gets a problem document, an id of its own and a line in the log", async (...row) => {
  const [, text, status, code] = row;
  const id = /X-Request-Id: (\w+)/.exec(text)![1]!;
  const client = await openRawClient(server.port);
  client.send(text);
  await client.until('"request_id"');
  client.finish();
  const reply = parseReply(await client.ended());
  expect(reply).toMatchObject({
    status,
    headers: { "content-type": "application/problem+json", "x-request-id": id, "cache-control": "no-store" },
    problem: { type: "about:blank", status, code, request_id: id },
  });
  expect(reply.problem.error).toBe(reply.problem.detail);
  expect(await lineOf(id)).toMatchObject({ status, code });
});

/** More headers than Node keeps by default, in less than 16 KiB. */
const MANY = "a:\r\n".repeat(2_100);

test("a second Host, Authorization, Content-Type or Content-Length after more than 2,000 others is refused", async () => {
  const seconds = [
    "Host: other",
    "Authorization: Bearer other",
    "Content-Type: text/plain",
    "Content-Length: 3",
  ];
  for (const second of seconds) {
    const client = await openRawClient(server.port);
    const first = { Authorization: "Bearer one", Connection: "close" };
    client.send(
      rawRequest("POST", "/api/chat/", first, {}).replace("\r\n\r\n", `\r\n${MANY}${second}\r\n\r\n`),
    );
    expect(parseReply(await client.ended()), second).toMatchObject({
      status: 400,
      problem: { code: "invalid_request" },
    });
  }
});

test("a header after more than 2,000 others is read", async () => {
  const client = await openRawClient(server.port);
  const token = await server.token("behind.many");
  client.send(
    `GET /api/token_balance/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${MANY}Authorization: Bearer ${token}\r\n\r\n`,
  );
  expect(await client.ended()).toMatch(/^HTTP\/1\.1 200 [^]*\{"tokens":4000\}$/);
});

test("headers of more than 16 KiB are refused", async () => {
  const client = await openRawClient(server.port);
  client.send(`GET /healthz HTTP/1.1\r\nHost: a\r\n${"ab:c\r\n".repeat(8_200)}\r\n`);
  expect(parseReply(await client.ended())).toMatchObject({ status: 431, headers: { connection: "close" } });
});

test.each([
  ["CONNECT", "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n"],
  ["a body of broken chunks", rawRequest("POST", "/api/login/", CHUNKED) + "zz\r\n"],
])("after %s the server closes the connection", async (_what, text) => {
  const client = await openRawClient(server.port);
  client.send(text);
  expect(parseReply(await client.ended()).headers).toMatchObject({ connection: "close" });
});

test("a body that becomes malformed after its reply gets no second reply", async () => {
  const client = await openRawClient(server.port);
  client.send(rawRequest("POST", "/api/login/", { ...CHUNKED, "Content-Type": "text/plain" }));
  await client.until("unsupported_media_type");
  client.send("zz\r\n");
  expect((await client.ended()).split("HTTP/1.1 ")).toHaveLength(2);
});

test("a malformed request after an answered one gets a problem document", async () => {
  const client = await openRawClient(server.port);
  client.send(rawRequest("GET", "/healthz"));
  await client.until('{"status":"ok"}');
  client.send(rawRequest("POST", "/api/login/", CHUNKED) + "zz\r\n");
  expect(await client.ended()).toMatch(/\{"status":"ok"\}HTTP\/1\.1 400 [^]*"code":"invalid_request"/);
});

const BROKEN = rawRequest("POST", "/api/login/", CHUNKED) + "zz\r\n";
const bad: [what: string, text: string, isAnswered: boolean][] = [
  ["a broken body", BROKEN, true],
  ["no HTTP", "HELLO\r\n\r\n", false],
  ["CONNECT", "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n", false],
  ["a head that is too large", `GET / HTTP/1.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, false],
  ["junk without end", "\0".repeat(2 * 1024 * 1024), false],
];

describe.each(bad)("%s after a valid question", (what, text, isAnswered) => {
  const setUp = async (name: string, headers: Record<string, string> = {}) => {
    const token = await server.token(`${name}.${what.replaceAll(" ", ".")}`);
    const release = gate();
    ai.respond(answer(["Hel", release.opened, "lo"]));
    const before = ai.requests.length;
    const client = await openRawClient(server.port);
    return { token, release, client, before, question: rawQuestion(token, headers) };
  };
  const expectEnd = (came: string) => {
    const statuses = [...came.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status);
    expect(statuses).toEqual(isAnswered ? ["200", "400"] : ["200"]);
  };

  test("comes after its plain reply, and closes the connection", async () => {
    const { token, release, client, before, question } = await setUp("plain");
    client.send(question);
    await ai.arrived(before + 1);
    client.send(text);
    client.send(text);
    // It has arrived by now: what is sent later is answered.
    expect((await server.post("/api/login/", {})).status).toBe(400);
    release.open();
    const came = await client.ended();
    expect(came).toMatch(/^HTTP\/1\.1 200 [^]*\{"response":"Hello","tokens_deducted":100\}/);
    expect(came).toMatch(/\r\nConnection: close\r\n/);
    expectEnd(came);
    expect(await server.settled(token)).toBe(3900);
  });

  test("comes after both of two", async () => {
    const { token, release, client, before, question } = await setUp("two");
    client.send(question + question + text);
    await ai.arrived(before + 1);
    release.open();
    const came = await client.ended();
    expect(came.split('{"response":"Hello","tokens_deducted":100}')).toHaveLength(3);
    expect(await server.settled(token)).toBe(3800);
  });

  test("comes after its stream, and writes nothing into it", async () => {
    const { token, release, client, question } = await setUp("stream", { Accept: "text/event-stream" });
    client.send(question);
    await client.until("Hel");
    client.send(text);
    expect((await server.post("/api/login/", {})).status).toBe(400);
    release.open();
    const came = await client.ended();
    expect(came).toMatch(/data: \{"text":"lo"\}\n\n[^]*event: done\n[^]*\r\n0\r\n\r\n/);
    expectEnd(came);
    expect(await server.settled(token)).toBe(3900);
  });

  test("does not hide that the client leaves, or closes its side", async () => {
    for (const leave of ["vanish", "finish"] as const) {
      const { token, client, before, question } = await setUp(leave);
      client.send(question);
      const asked = await ai.arrived(before + 1);
      client.send(text.slice(0, 30_000));
      expect((await server.post("/api/login/", {})).status).toBe(400);
      client[leave]();
      await asked.hungUp;
      expect(await server.settled(token)).toBe(4000);
    }
  });
});

test("a body with another Transfer-Encoding than chunked is refused", async () => {
  for (const coding of ["gzip, chunked", "deflate, Chunked"]) {
    const client = await openRawClient(server.port);
    const headers = { ...CHUNKED, "Transfer-Encoding": coding, Connection: "close" };
    client.send(rawRequest("POST", "/api/login/", headers) + "2\r\n{}\r\n0\r\n\r\n");
    const { status, problem } = parseReply(await client.ended());
    expect([status, problem.code], coding).toEqual([415, "unsupported_media_type"]);
  }
});

test("a body in chunks is read", async () => {
  const client = await openRawClient(server.port);
  const headers = { ...CHUNKED, "Transfer-Encoding": "Chunked", Connection: "close" };
  client.send(rawRequest("POST", "/api/login/", headers) + "2\r\n{}\r\n0\r\n\r\n");
  expect(parseReply(await client.ended()).problem.errors).toHaveLength(2);
});

test("a client that waits for 100 Continue gets it, and one of HTTP/1.0 needs no Host", async () => {
  const client = await openRawClient(server.port);
  const body = '{"username":"nobody","password":"x"}';
  const headers = { "Content-Type": "application/json", "Content-Length": String(body.length) };
  client.send(rawRequest("POST", "/api/login/", { ...headers, Expect: "100-Continue" }));
  await client.until("HTTP/1.1 100 Continue");
  client.send(body);
  await client.until("invalid_credentials");
  client.vanish();
  const old = await openRawClient(server.port);
  old.send("GET /healthz HTTP/1.0\r\nExpect: something\r\n\r\n");
  expect(await old.ended()).toMatch(/^HTTP\/1\.1 200 /);
});
