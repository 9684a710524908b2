import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { streamAnswer } from "../support/chat-server.ts";
import { makeHome, runProgram, type Home } from "../support/run-program.ts";
import { openOthersServer } from "../support/others-server.ts";

let home: Home;
let proxy: string;
let asked: string[] = [];
/** A proxy that answers for http targets itself, and refuses to make tunnels. */
const server = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  streamAnswer(response, ["From the proxy."]);
});
server.on("connect", (request, socket) => {
  asked.push(`CONNECT ${request.url}`);
  socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
});

beforeAll(async () => {
  home = await makeHome();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  proxy = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  asked = [];
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await home.remove();
});

const ask = (target: string, env: Record<string, string>) =>
  runProgram(["ask", "-s", target, "hi"], { home, env: { AI_CHAT_TOKEN: "tok", ...env } });

test("an http server is asked through HTTP_PROXY in absolute form", async () => {
  const { code, stdout } = await ask("http://chat.example", { HTTP_PROXY: proxy });
  expect({ code, stdout, asked }).toEqual({
    code: 0,
    stdout: "From the proxy.\n",
    asked: ["POST http://chat.example/api/chat/"],
  });
});

test("the lower-case name goes first, and an empty one doesn't hide the other", async () => {
  expect((await ask("http://chat.example", { http_proxy: "", HTTP_PROXY: proxy })).code).toBe(0);
  expect(
    (await ask("http://chat.example", { http_proxy: proxy, HTTP_PROXY: "http://127.0.0.1:1" })).code,
  ).toBe(0);
});

test("an https server is asked through CONNECT of HTTPS_PROXY", async () => {
  expect((await ask("https://chat.example", { HTTPS_PROXY: proxy })).code).toBe(6);
  expect(asked[0]).toBe("CONNECT chat.example:443");
});

test("loopback goes through no proxy", async () => {
  const others = await openOthersServer();
  const { code } = await ask(others.url, { HTTP_PROXY: proxy, HTTPS_PROXY: proxy });
  await others.close();
  expect({ code, asked, seen: others.seen.length }).toEqual({ code: 4, asked: [], seen: 1 });
});

test("what NO_PROXY names goes straight, and https without a proxy of its own does too", async () => {
  // Nothing resolves under .invalid: straight means that no such server is found.
  await ask("http://chat.invalid", { HTTP_PROXY: proxy, NO_PROXY: "example,.invalid" });
  await ask("https://chat.invalid", { HTTP_PROXY: proxy });
  expect(asked).toEqual([]);
});

test("what is no proxy's address is told without quoting it: 2", async () => {
  const { code, stderr } = await ask("http://chat.example", { HTTP_PROXY: "socks5://u:geheim@h" });
  expect(code).toBe(2);
  expect(stderr).toContain("HTTP_PROXY");
  expect(stderr).not.toContain("geheim");
});

test("a session without a login finds its server through the proxy too", async () => {
  const { stderr } = await runProgram(["chat", "--plain", "-s", "http://chat.example"], {
    home,
    env: { HTTP_PROXY: proxy },
  });
  expect(asked).toContain("GET http://chat.example/api/token_balance/");
  expect(stderr).not.toContain("No server has the name");
});
