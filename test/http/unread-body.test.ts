import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { constants, createGzip } from "node:zlib";
import { expect, test } from "vitest";
import { openServerWithAi } from "../support/server-with-ai.ts";
import { openRawClient } from "./raw-client.ts";

const { server } = openServerWithAi();

const KIB = 1024;
const MIB = 1024 * KIB;
const JSON_TYPE = { "Content-Type": "application/json" };
const READ = ["login", "register", "chat", "logout", "password"].map((name) => `POST /api/${name}/`);
const UNREAD = ["GET /api/token_balance/", "GET /api/usage/", "GET /api/", "GET /healthz", "GET /readyz"];

/** 200 MB of spaces, packed to 194 KB. */
const packedSpaces = (async () => {
  const gzip = createGzip();
  const packed = gzip.toArray() as Promise<Buffer[]>;
  const spaces = Buffer.alloc(1_000_000, " ");
  for (let megabyte = 0; megabyte < 200; megabyte += 1) {
    if (!gzip.write(spaces)) await once(gzip, "drain");
  }
  gzip.end();
  return Buffer.concat(await packed);
})();

const junk = Buffer.alloc(900 * KIB, "junk");
const tooLarge = (line: string) => Buffer.alloc(line.includes("chat") ? 1100 * KIB : 900 * KIB, " ");

const headOf = (line: string, headers: Record<string, string>) =>
  Buffer.from(
    [`${line} HTTP/1.1`, ...Object.entries(headers).map((header) => header.join(": ")), "", ""].join("\r\n"),
  );

const measured = (line: string, headers: Record<string, string>, body: Buffer) =>
  Buffer.concat([headOf(line, { Host: "a", "Content-Length": String(body.length), ...headers }), body]);

const chunked = (line: string, headers: Record<string, string>, body: Buffer) =>
  Buffer.concat([
    headOf(line, { Host: "a", "Transfer-Encoding": "chunked", ...headers }),
    Buffer.from(`${body.length.toString(16)}\r\n`),
    body,
    Buffer.from("\r\n0\r\n\r\n"),
  ]);

type Refusal = [what: string, request: (line: string) => Buffer | Promise<Buffer>, status: number];

const refusals: Refusal[] = [
  [
    "200 MB packed by gzip",
    async (line) => measured(line, { ...JSON_TYPE, "Content-Encoding": "gzip" }, await packedSpaces),
    413,
  ],
  ...["gzip", "br", "deflate"].map((encoding): Refusal => [
    `junk as ${encoding}`,
    (line) => measured(line, { ...JSON_TYPE, "Content-Encoding": encoding }, junk),
    400,
  ]),
  ["an unknown encoding", (line) => measured(line, { ...JSON_TYPE, "Content-Encoding": "zstd" }, junk), 415],
  ["another media type", (line) => measured(line, { "Content-Type": "a/b" }, junk), 415],
  ["too large a body in chunks", (line) => chunked(line, JSON_TYPE, tooLarge(line)), 413],
  ["a second Host", (line) => measured(line, { ...JSON_TYPE, host: "b" }, junk), 400],
  ["the wrong method", (line) => measured(line.replace("POST", "PUT"), JSON_TYPE, junk), 405],
];

/** Without a token these do not read their bodies. */
const statusAt = (line: string, status: number) =>
  /logout|password/.test(line) && (status === 413 || status === 415 || status === 400) ? 401 : status;

const cases = [
  ...READ.flatMap((line) =>
    refusals.map(([what, ask, status]) => {
      const isHead = what === "a second Host";
      return [line, what, ask, isHead ? status : statusAt(line, status)] as const;
    }),
  ),
  // The limit of chat is the most that is read of an unwanted body: there this ends the connection.
  ...READ.filter((line) => !line.includes("chat")).map(
    (line) =>
      [
        line,
        "too large a body",
        () => measured(line, JSON_TYPE, tooLarge(line)),
        statusAt(line, 413),
      ] as const,
  ),
  ...UNREAD.flatMap((line) => {
    const status = /balance|usage/.test(line) ? 401 : 200;
    return [
      [line, "a body that nobody reads", () => measured(line, JSON_TYPE, junk), status] as const,
      [line, "a body in chunks that nobody reads", () => chunked(line, JSON_TYPE, junk), status] as const,
    ];
  }),
  ["POST /nothing", "a body for no path", () => measured("POST /nothing", JSON_TYPE, junk), 404] as const,
];

test.each(cases)("%s: after %s the connection carries the next request", async (line, _what, ask, status) => {
  const client = await openRawClient(server.port);
  client.send(await ask(line));
  expect(await client.until("HTTP/1.1 ")).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  client.send(headOf("OPTIONS /healthz", { Host: "a", Connection: "close" }));
  expect(await client.ended()).toContain("HTTP/1.1 204 ");
});

test("invalid bytes after the refusal of a packed body cause no error", async () => {
  const gzip = createGzip();
  gzip.write(" ".repeat(20_000));
  await new Promise<void>((resolve) => gzip.flush(constants.Z_FULL_FLUSH, () => resolve()));
  const begun = gzip.read(gzip.readableLength) as Buffer;
  const headers = { ...JSON_TYPE, "Content-Encoding": "gzip" };
  const client = await openRawClient(server.port);
  client.send(measured("POST /api/login/", headers, Buffer.concat([begun, junk])).subarray(0, -junk.length));
  await client.until("payload_too_large");
  client.send(junk);
  client.send(headOf("OPTIONS /healthz", { Host: "a", Connection: "close" }));
  expect(await client.ended()).toContain("HTTP/1.1 204 ");
});

/** A connection, both ends of it. */
async function openConnection(): Promise<{ client: Socket; atServer: Socket }> {
  const accepted: Socket[] = [];
  const accept = (message: unknown) => void accepted.push((message as { socket: Socket }).socket);
  subscribe("net.server.socket", accept);
  const client = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
  await once(client, "connect");
  for (;;) {
    const atServer = accepted.find((socket) => socket.remotePort === client.localPort);
    if (atServer) {
      unsubscribe("net.server.socket", accept);
      return { client, atServer };
    }
    await new Promise(setImmediate);
  }
}

const announced = (bytes: number) =>
  headOf("POST /api/login/", { Host: "a", ...JSON_TYPE, "Content-Length": String(bytes) });

test("a client that is still uploading gets its 413 and no connection reset", async () => {
  const { client } = await openConnection();
  client.write(announced(100 * MIB));
  client.write(Buffer.alloc(256 * KIB));
  let reply = "";
  client.on("data", (piece) => (reply += String(piece)));
  await once(client, "end");
  expect(reply).toMatch(/^HTTP\/1\.1 413 [^]*"code":"payload_too_large"/);
  expect(reply).toMatch(/^connection: close\r$/im);
  client.end(Buffer.alloc(256 * KIB));
  // Rejects with the error of a reset.
  await once(client, "close");
});

test.each([
  ["of a length that is told", announced(1024 * MIB), Buffer.alloc(64 * KIB)],
  [
    "in chunks",
    headOf("POST /api/login/", { Host: "a", ...JSON_TYPE, "Transfer-Encoding": "chunked" }),
    Buffer.from(`10000\r\n${" ".repeat(64 * KIB)}\r\n`),
  ],
  ["behind no HTTP", Buffer.from("HELLO\r\n\r\n"), Buffer.alloc(64 * KIB)],
])("of an upload without end, %s, little more than 1 MiB is taken", async (_what, head, piece) => {
  const { client, atServer } = await openConnection();
  const closed = once(atServer, "close");
  client.on("error", () => {});
  client.write(head);
  const upload = () => {
    while (client.writable && client.write(piece));
  };
  client.on("drain", upload);
  upload();
  await closed;
  expect(atServer.bytesRead).toBeLessThan(1.5 * MIB);
  client.destroy();
});

test("the server does not wait for the rest of a refused body", async () => {
  const { client } = await openConnection();
  client.write(announced(900 * KIB));
  client.write(Buffer.alloc(KIB));
  expect(await text(client)).toMatch(/^HTTP\/1\.1 413 /);
  client.destroy();
});
