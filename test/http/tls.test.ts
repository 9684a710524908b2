import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { request } from "node:https";
import { connect as connectTcp, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { Budget } from "../../src/server/http/budget.ts";
import { openHttpServer } from "../../src/server/http/listen.ts";
import { createTlsFront } from "../../src/server/http/tls-front.ts";
import { serve } from "../../src/server/serve.ts";
import type { Pair } from "../../src/server/tls/pair.ts";
import { createAuthority } from "../support/certificate.ts";
import { openTestServer, PASSWORD, testConfig, type TestServer } from "../support/test-server.ts";

/** docs/server.md#tls */

const authority = createAuthority();
const [first, second] = [authority.issue("127.0.0.1"), authority.issue("127.0.0.1")];

let folder: string;
let server: TestServer | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ai-chat-tls-"));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(folder, { recursive: true, force: true });
});

/** Writes a pair under a name. */
async function write(name: string, { cert, key }: Pair) {
  const files = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  await writeFile(files.cert, cert);
  await writeFile(files.key, key);
  return files;
}

async function open() {
  const tls = await write("now", first);
  server = await openTestServer({ tls });
  return { server, tls, config: testConfig(server.dir, { tls }) };
}

/** A connection with a complete handshake; rejects if it fails. */
function shake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, ca: authority.cert, ...options });
    socket.once("secureConnect", () => resolve(socket)).once("error", reject);
  });
}

/** The certificate that new connections get, in PEM. */
async function served({ port }: TestServer): Promise<string> {
  const socket = await shake(port);
  const cert = socket.getPeerX509Certificate()?.toString() ?? "";
  socket.destroy();
  return cert;
}

function call(url: string, body?: object, headers: Record<string, string> = {}) {
  return new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const sent = request(
      url,
      {
        ca: authority.cert,
        agent: false,
        method: body ? "POST" : "GET",
        headers: { "Content-Type": "application/json", ...headers },
      },
      (response) => {
        const { statusCode: status } = response;
        response.toArray().then((pieces) => resolve({ status, text: String(Buffer.concat(pieces)) }), reject);
      },
    );
    sent.once("error", reject).end(body && JSON.stringify(body));
  });
}

test("questions are streamed and charged over TLS", async () => {
  const { server } = await open();
  expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  const jane = { username: "jane", password: PASSWORD };
  expect((await call(`${server.url}/api/register/`, jane)).status).toBe(201);
  const { token } = JSON.parse((await call(`${server.url}/api/login/`, jane)).text) as { token: string };
  const auth = { Authorization: `Bearer ${token}` };
  const events = await call(
    `${server.url}/api/chat/`,
    { message: "hello" },
    { ...auth, Accept: "text/event-stream" },
  );
  expect(events.text).toMatch(/event: done\ndata: .*"tokens_remaining":3900/);
  expect((await call(`${server.url}/api/token_balance/`, undefined, auth)).text).toBe('{"tokens":3900}');
});

test("TLS 1.2 and newer with HTTP/1.1 are taken, older versions and other protocols are refused", async () => {
  const { port } = (await open()).server;
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    const socket = await shake(port, {
      minVersion: version,
      maxVersion: version,
      ALPNProtocols: ["h2", "http/1.1"],
    });
    expect([socket.getProtocol(), socket.alpnProtocol]).toEqual([version, "http/1.1"]);
    socket.destroy();
  }
  const old = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
  await expect(shake(port, old)).rejects.toThrow(/protocol version/);
  await expect(shake(port, { ALPNProtocols: ["h2"] })).rejects.toThrow(/no application protocol/);
});

test("malformed HTTP over TLS gets its 400, and what is no TLS is cut", async () => {
  const { port } = (await open()).server;
  const socket = await shake(port);
  socket.end("nonsense\r\n\r\n");
  expect(String(Buffer.concat(await socket.toArray()))).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  const plain = connectTcp(port, "127.0.0.1");
  plain.on("error", () => {}).write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await new Promise((resolve) => plain.resume().once("close", resolve));
});

test("a new certificate is taken when the configuration is read again, and open connections go on", async () => {
  const { server, tls, config } = await open();
  const before = await shake(server.port);
  expect(await served(server)).toBe(first.cert);
  await write("now", second);
  expect(await server.running.reload(config)).toEqual([]);
  expect(await served(server)).toBe(second.cert);
  const other = await write("other", first);
  expect(await server.running.reload({ ...config, tls: other })).toEqual([]);
  expect(await served(server)).toBe(first.cert);
  expect(tls).not.toEqual(other);
  before.end("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  expect(String(Buffer.concat(await before.toArray()))).toMatch(/^HTTP\/1\.1 200 /);
});

test("a pair that does not fit is refused with the whole configuration", async () => {
  const { server, config } = await open();
  await writeFile(config.tls!.key, second.key);
  await expect(server.running.reload({ ...config, startingTokens: 1 })).rejects.toThrow("does not belong to");
  expect(await served(server)).toBe(first.cert);
  expect((await call(`${server.url}/api/`)).text).toContain('"starting_tokens":4000');
});

test("a server starts only with a pair that fits, and leaves its folder alone otherwise", async () => {
  const tls = await write("now", { cert: first.cert, key: second.key });
  const dir = join(folder, "store");
  await expect(serve(testConfig(dir, { tls }))).rejects.toMatchObject({ name: "StartupError" });
  await expect(readFile(join(dir, "secret"))).rejects.toMatchObject({ code: "ENOENT" });
});

test("TLS itself is turned on and off by a restart", async () => {
  const { server, config } = await open();
  expect(await server.running.reload({ ...config, tls: undefined })).toEqual(["tls_cert"]);
  expect(await served(server)).toBe(first.cert);
});

test("the folder names an address without TLS on loopback", async () => {
  const { server } = await open();
  const address = (await readFile(join(server.dir, "address"), "utf8")).trim();
  expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect((await fetch(`${address}/healthz`)).status).toBe(200);
});

/** A connection without a handshake, and a promise for its end. */
async function silent(port: number) {
  const socket = connectTcp(port, "127.0.0.1").on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  return { ended: new Promise<"ended">((resolve) => socket.once("close", () => resolve("ended"))) };
}

test("a server that stops waits for no handshake", async () => {
  const front = await openHttpServer({
    host: "127.0.0.1",
    port: 0,
    pair: first,
    silence: 60_000,
    keepAlive: 75_000,
    budget: new Budget(1024 * 1024),
    handle: async (_req, res) => void res.end("here"),
  });
  const port = Number(new URL(front.url).port);
  const open = await shake(port);
  const { ended } = await silent(port);
  // The server knows that connection once it has taken a later one.
  (await shake(port)).destroy();
  open.end("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  expect(String(Buffer.concat(await open.toArray()))).toMatch(/here$/);
  await front.close(2 ** 31 - 1);
  expect(await ended).toBe("ended");
});

test("a handshake that does not come in time ends its connection", async () => {
  const { server } = createTlsFront(createServer(), first, {}, 50);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { ended } = await silent((server.address() as AddressInfo).port);
  expect(await ended).toBe("ended");
});

test("handshakes that are never completed keep nobody out", async () => {
  const { server } = await open();
  const complete = await shake(server.port);
  const first = await silent(server.port);
  for (let count = 0; count < 500; count += 1) await silent(server.port);
  expect(await first.ended).toBe("ended");
  expect((await call(`${server.url}/healthz`)).status).toBe(200);
  complete.end("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  expect(String(Buffer.concat(await complete.toArray()))).toMatch(/^HTTP\/1\.1 200 /);
});
