import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect as http2 } from "node:http2";
import { deepEqual, equal, ok } from "node:assert/strict";
import { newFolder } from "../../bench/support/endings.js";
import { newAccounts } from "../../bench/support/load.js";
import { HOST, startProxy } from "../../bench/support/proxies.js";
import { check, soon, until } from "./checks.js";
import { openAi } from "./ai.js";
import { kill, logged, startServer } from "./servers.js";

/**
 * Checks the file for one server: that of nginx or Caddy, in front of a real server, over TLS.
 * @param {"nginx" | "caddy"} name
 * @param {string} program its path
 */
export async function checkOneServer(name, program) {
  const ai = await openAi();
  const store = { AI_CHAT_DATA: newFolder() };
  let server = await startServer({ ai: ai.url(), store });
  const port = Number(new URL(server.url).port);
  const file = name === "nginx" ? "nginx.conf" : "Caddyfile";
  const proxy = await startProxy(name, { program, file, ports: { 8000: port } });
  const [account = {}] = await newAccounts(server.url, 1);
  const agent = proxy.dispatcher({ bodyTimeout: 0, headersTimeout: 0 });

  /** @param {string} message @param {{ headers?: Record<string, string>, stream?: boolean, body?: string }} [more] */
  async function ask(message, { headers = {}, stream = false, body = JSON.stringify({ message }) } = {}) {
    const accept = stream ? "text/event-stream" : "application/json";
    const reply = await agent.request({
      origin: proxy.url,
      path: "/api/chat/",
      method: "POST",
      headers: { "content-type": "application/json", accept, ...account, ...headers },
      body,
    });
    return { status: reply.statusCode, text: await reply.body.text() };
  }

  // These take 100 s, beside the others.
  const slow = [false, true].map((stream) =>
    check(`${file}: ${stream ? "a stream" : "an answer"} passes after 100 s without text`, async () => {
      const { status, text } = await soon(ask(`slow ${stream}`, { stream }), "the slow answer", 150_000);
      equal(status, 200);
      ok(stream ? text.includes("event: done") : text.includes("Yes."), text);
    }),
  );
  await until(() => ai.asked.length === 2, "the slow questions");

  // What is compressed would not be seen in the text.
  const asStream = {
    "content-type": "application/json",
    accept: "text/event-stream",
    "accept-encoding": "gzip",
    ...account,
  };

  /** The AI sends the next piece only after one has arrived. @param {import("node:stream").Readable} stream */
  async function inPieces(stream) {
    let text = "";
    stream.setEncoding("utf8").on("data", (chunk) => (text += chunk));
    for (let piece = 1; piece <= 5; piece++) {
      await until(() => text.includes(`piece ${piece}.`), `piece ${piece}`);
      ai.next();
    }
    await soon(once(stream, "end"), "the end");
    ok(text.includes("event: done"), text);
  }

  await check(`${file}: a stream arrives piece by piece`, async () => {
    const asked = { origin: proxy.url, path: "/api/chat/", method: /** @type {const} */ ("POST") };
    const reply = agent.request({ ...asked, headers: asStream, body: '{"message":"pieces"}' });
    await inPieces((await soon(reply, "the head")).body);
  });

  await check(`${file}: a stream arrives piece by piece over HTTP/2`, async () => {
    const session = http2(`https://127.0.0.1:${proxy.port}`, { ca: proxy.ca, servername: HOST });
    try {
      const head = { ":method": "POST", ":path": "/api/chat/", ":authority": HOST };
      const stream = session.request({ ...head, ...asStream });
      stream.end('{"message":"pieces"}');
      await inPieces(stream);
    } finally {
      session.destroy();
    }
  });

  await check(`${file}: a client cannot forge its address`, async () => {
    const forged = { "x-forwarded-for": "203.0.113.9, 198.51.100.1", "x-request-id": randomUUID() };
    const own = { "x-forwarded-for": "203.0.113.9", "x-request-id": randomUUID() };
    equal((await ask("Who am I?", { headers: forged })).status, 200);
    // The server itself believes its proxy.
    const direct = await fetch(`${server.url}/api/token_balance/`, { headers: { ...account, ...own } });
    equal(direct.status, 200);
    const addressOf = (/** @type {{ "x-request-id": string }} */ sent) =>
      logged(server).find((line) => line.request_id === sent["x-request-id"])?.address;
    await until(() => addressOf(forged) !== undefined && addressOf(own) !== undefined, "the log");
    deepEqual([addressOf(forged), addressOf(own)], ["127.0.0.1", "203.0.113.9"]);
  });

  await check(`${file}: the largest body passes, and is not written to a file`, async () => {
    // 100,000 characters, each in twelve bytes.
    const escaped = "\\ud83d\\ude00".repeat(100_000);
    equal((await ask("", { body: `{"message":"${escaped}"}` })).status, 200);
    // The server refuses it, not the proxy.
    const larger = await ask("", { body: `{"message":"${" ".repeat(1_900_000)}"}` });
    deepEqual([larger.status, JSON.parse(larger.text).code], [413, "payload_too_large"]);
    ok(!proxy.printed().includes("temporary file"), proxy.printed());
  });

  await check(`${file}: http leads to https`, async () => {
    const asked = httpRequest({
      host: "127.0.0.1",
      port: proxy.plainPort,
      path: "/api/chat/?a=b",
      method: "POST",
      headers: { host: HOST },
    }).end();
    const [reply] = await soon(once(asked, "response"), "the redirect");
    reply.resume();
    equal(reply.statusCode, 308);
    // Caddy names the port, because it is not 443 here.
    equal(reply.headers.location?.replace(`:${proxy.port}`, ""), `https://${HOST}/api/chat/?a=b`);
  });

  await Promise.all(slow);

  await check(
    `${file}: a question is sent once, with a key or without, if the server is killed`,
    async () => {
      const before = ai.asked.length;
      /** @type {Record<string, string>[]} */
      const keys = [{}, { "idempotency-key": randomUUID() }];
      const all = keys.map((headers) => ask("hang", { headers }));
      await until(() => ai.asked.length === before + keys.length, "the questions");
      await kill(server);
      server = await startServer({ ai: ai.url(), store, port });
      const statuses = (await soon(Promise.all(all), "the replies")).map(({ status }) => status);
      deepEqual(statuses, [502, 502]);
      equal((await ask("And now?")).status, 200);
      equal(ai.asked.length, before + keys.length + 1);
    },
  );
  await server.stop();
}
