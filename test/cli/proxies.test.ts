import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { streamAnswer } from "../support/chat-server.ts";
import { runInside } from "../support/run-inside.ts";
import { makeHome, runProgram, type Home } from "../support/run-program.ts";
import { openOthersServer } from "../support/others-server.ts";
import { knowNoNames } from "../support/unknown-names.ts";

let home: Home;
let proxy: string;
let asked: string[] = [];
/** The Proxy-Authorization headers that the proxy received. */
let known: (string | undefined)[] = [];
/** The status of every reply of the proxy; undefined for none forced. */
const refusal: { status: number | undefined } = { status: undefined };
/** A proxy that answers http requests itself and refuses tunnels. */
const server = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  known.push(request.headers["proxy-authorization"]);
  const { status } = refusal;
  if (status !== undefined) return void response.writeHead(status).end("<h1>The proxy is out of sorts</h1>");
  streamAnswer(response, ["From the proxy."]);
});
server.on("connect", (request, socket) => {
  asked.push(`CONNECT ${request.url}`);
  known.push(request.headers["proxy-authorization"]);
  socket.end(`HTTP/1.1 ${refusal.status ?? 502} No\r\n\r\n`);
});

beforeAll(async () => {
  home = await makeHome();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  proxy = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  [asked, known] = [[], []];
  refusal.status = undefined;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await home.remove();
});

const ask = (target: string, env: Record<string, string>) =>
  runProgram(["ask", "-s", target, "hi"], { home, env: { AI_CHAT_TOKEN: "tok", ...env } });

test("a request to an http server goes through HTTP_PROXY in absolute form", async () => {
  const { code, stdout } = await ask("http://chat.example", { HTTP_PROXY: proxy });
  expect({ code, stdout, asked }).toEqual({
    code: 0,
    stdout: "From the proxy.\n",
    asked: ["POST http://chat.example/api/chat/"],
  });
});

test("a request to a name that only begins like loopback goes through the proxy", async () => {
  const { code } = await ask("http://127.0.0.1.chat.example", { HTTP_PROXY: proxy });
  expect({ code, asked }).toEqual({ code: 0, asked: ["POST http://127.0.0.1.chat.example/api/chat/"] });
});

test("the lower-case variable has precedence unless it is empty", async () => {
  expect((await ask("http://chat.example", { http_proxy: "", HTTP_PROXY: proxy })).code).toBe(0);
  expect(
    (await ask("http://chat.example", { http_proxy: proxy, HTTP_PROXY: "http://127.0.0.1:1" })).code,
  ).toBe(0);
});

test("a request to an https server goes through a CONNECT tunnel of HTTPS_PROXY", async () => {
  expect((await ask("https://chat.example", { HTTPS_PROXY: proxy })).code).toBe(6);
  expect(asked[0]).toBe("CONNECT chat.example:443");
});

test.each([
  ["http://chat.example", "POST http://chat.example/api/chat/"],
  ["https://chat.example", "CONNECT chat.example:443"],
])("a request to %s goes through ALL_PROXY if nothing else names a proxy", async (target, request) => {
  await ask(target, { ALL_PROXY: proxy });
  expect(asked[0]).toBe(request);
  asked = [];
  await ask(target, {
    all_proxy: proxy,
    HTTP_PROXY: "http://127.0.0.1:1",
    HTTPS_PROXY: "http://127.0.0.1:1",
  });
  expect(asked).toEqual([]);
});

test("a proxy that hangs up on a tunnel, or cannot be reached, is told as the proxy: exit 6, nothing charged", async () => {
  const hasty = createTcpServer((socket) => socket.once("data", () => socket.destroy()));
  hasty.listen(0, "127.0.0.1");
  await once(hasty, "listening");
  const { port } = hasty.address() as AddressInfo;
  for (const [target, HTTPS_PROXY] of [
    ["https://chat.example", `http://127.0.0.1:${port}`],
    ["https://chat.example:1", "http://127.0.0.1:1"],
    ["http://127.0.0.1.chat.example:1", "http://127.0.0.1:1"],
  ] as const) {
    const { code, stderr } = await ask(target, { HTTPS_PROXY, HTTP_PROXY: HTTPS_PROXY });
    expect(code).toBe(6);
    expect(stderr).toMatch(/The proxy on the way to \S+ can't be reached \([A-Z_]+\)\.\n/);
    expect(stderr).not.toContain("charged");
  }
  hasty.close();
});

test("a request to loopback goes through no proxy", async () => {
  const others = await openOthersServer();
  const { code } = await ask(others.url, { HTTP_PROXY: proxy, HTTPS_PROXY: proxy });
  await others.close();
  expect({ code, asked, seen: others.seen.length }).toEqual({ code: 4, asked: [], seen: 1 });
});

test("an invalid proxy address is reported without quoting it: exit 2", async () => {
  const { code, stderr } = await ask("http://chat.example", { HTTP_PROXY: "socks5://u:geheim@h" });
  expect(code).toBe(2);
  expect(stderr).toContain("HTTP_PROXY");
  expect(stderr).not.toContain("geheim");
});

test("a session without a login connects through the proxy too", async () => {
  const { stderr } = await runProgram(["chat", "--plain", "-s", "http://chat.example"], {
    home,
    env: { HTTP_PROXY: proxy },
  });
  expect(asked).toContain("GET http://chat.example/api/token_balance/");
  expect(stderr).not.toContain("No server has the name");
});

describe("name and password of a proxy", () => {
  // Percent-encoded in the address, Base64 in the Basic scheme (RFC 7617).
  const address = () => proxy.replace("//", "//us%40er:ge%3Aheim@");
  const basic = `Basic ${Buffer.from("us@er:ge:heim").toString("base64")}`;
  const shown = /heim|us@er|us%40er|dXNA/;

  beforeEach(() => {
    vi.stubEnv("XDG_CONFIG_HOME", `${home.dir}/config`);
    vi.stubEnv("AI_CHAT_TOKEN", "tok");
    for (const name of ["HTTP_PROXY", "HTTPS_PROXY"]) vi.stubEnv(name, address());
    for (const name of ["http_proxy", "https_proxy", "no_proxy", "NO_PROXY"]) vi.stubEnv(name, "");
  });
  afterEach(() => vi.unstubAllEnvs());
  const inside = (scheme: string, ...args: string[]) =>
    runInside([...args, "-s", `${scheme}://chat.example`]);

  test("are sent only to the proxy, with or without a tunnel", async () => {
    const answered = await inside("http", "ask", "--no-stdin", "hi");
    expect(answered).toEqual({ code: 0, stdout: "From the proxy.\n", stderr: "" });
    const doctor = await inside("http", "doctor", "--json");
    const tunnel = await inside("https", "balance");
    expect(tunnel.code).toBe(6);
    expect(known.length).toBeGreaterThan(2);
    expect(new Set(known)).toEqual(new Set([basic]));
    for (const { stdout, stderr } of [doctor, tunnel]) expect(stdout + stderr).not.toMatch(shown);
  });

  const refusals: [scheme: string, status: number, exit: number, says: RegExp][] = [
    [
      "http",
      407,
      6,
      /The proxy on the way to http:\/\/chat\.example requires a login \(407\)\.\n.*NAME:PASSWORD@HOST/,
    ],
    [
      "https",
      407,
      6,
      /The proxy on the way to https:\/\/chat\.example requires a login \(407\)\.\n.*NAME:PASSWORD@HOST/,
    ],
    ["http", 502, 8, /The server answered 502: The proxy is out of sorts[^\n]*\n/],
    [
      "https",
      502,
      6,
      /The proxy on the way to https:\/\/chat\.example refused to connect to it \(502\)\.\n.*HTTPS_PROXY/,
    ],
  ];
  test.each(refusals)(
    "are not printed when the proxy refuses an %s request with %i",
    async (scheme, status, exit, says) => {
      refusal.status = status;
      vi.stubEnv("AI_CHAT_DEBUG", "1");
      for (const args of [["balance"], ["ask", "--no-stdin", "hi"]]) {
        const told = await inside(scheme, ...args);
        expect(told).toMatchObject({ code: exit, stdout: "" });
        expect(told.stderr).toMatch(says);
        expect(told.stderr).not.toMatch(shown);
        const json = await inside(scheme, ...args, "--json");
        expect(json).toMatchObject({ code: exit, stdout: "" });
        expect(json.stderr).toMatch(/^\{"error":[^\n]+\n$/);
        expect(json.stderr).not.toMatch(shown);
      }
    },
  );

  describe("and exceptions from the proxy", () => {
    let knowNames: () => void;
    beforeEach(() => (knowNames = knowNoNames()));
    afterEach(() => knowNames());

    test("an https request without HTTPS_PROXY connects directly", async () => {
      vi.stubEnv("HTTPS_PROXY", "");
      const { code, stderr } = await inside("https", "balance");
      expect([code, asked]).toEqual([6, []]);
      expect(stderr).toContain("There is no server of the name in https://chat.example");
    });

    test.each([
      ["*", true],
      [".invalid", true],
      ["invalid", true],
      ["*.invalid", true],
      ["CHAT.INVALID", true],
      ["chat.invalid:80", true],
      ["chat.invalid:81", false],
      [" a.example ,  chat.invalid ", true],
      ["a.example chat.invalid", true],
      ["hat.invalid", false],
      [",", false],
    ])("NO_PROXY=%j: straight to http://chat.invalid? %s", async (none, straight) => {
      vi.stubEnv("NO_PROXY", none);
      // A direct connection fails because the name does not exist.
      const { code } = await runInside(["ask", "--no-stdin", "hi", "-s", "http://chat.invalid"]);
      expect([code, asked]).toEqual(straight ? [6, []] : [0, ["POST http://chat.invalid/api/chat/"]]);
    });
  });
});
