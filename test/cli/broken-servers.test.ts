import type { Socket } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { events, http, openRawServer, type RawReply, type RawServer } from "../support/raw-server.ts";
import { moveInto, runInside } from "../support/run-inside.ts";
import { makeHome, runProgram, type Home } from "../support/run-program.ts";

const answered = JSON.stringify({ response: "Hello", tokens_deducted: 100, tokens: 7 });
const streamed = events(
  ["delta", { text: "Héllo" }],
  ["done", { response: "Héllo", tokens_deducted: 100, tokens_remaining: 7 }],
);

/** Writes the bytes in pieces, each as soon as the previous one is flushed. */
const inPieces = (bytes: Uint8Array, size: number) => (socket: Socket) => {
  socket.setNoDelay(true);
  let at = 0;
  const next = () => {
    if (at >= bytes.length) return void socket.end();
    socket.write(bytes.subarray(at, (at += size)), () => setImmediate(next));
  };
  next();
};

const head = (lines: string, version = "1.1") => `HTTP/${version} 200 OK\r\n${lines}\r\n`;
/** Sends the same piece of a body again and again. */
const endless = (lines: string, piece: string) => (socket: Socket) => {
  const more = (error?: Error | null) => {
    // After an error Node would call this again at once, without an end: the socket is not destroyed yet.
    if (!error && !socket.destroyed) socket.write(piece, more);
  };
  socket.write(head(lines), more);
};
const packed = (encoding: string, body: Uint8Array, status = 200) =>
  Buffer.concat([
    Buffer.from(
      `HTTP/1.1 ${status} OK\r\ncontent-type: application/json\r\ncontent-encoding: ${encoding}\r\ncontent-length: ${body.length}\r\n\r\n`,
    ),
    body,
  ]);

/** Unusual replies that are valid: `ask` and `balance` read them like any other. */
const whole: Record<string, RawReply> = {
  "byte by byte": inPieces(Buffer.from(http(200, answered)), 1),
  "a byte order mark": http(200, `\uFEFF${answered}`),
  "HTTP/1.0": head("", "1.0") + answered,
  "no length, no type": head("") + answered,
  "the same name twice": head("x-a: 1\r\nx-a: 2\r\n") + answered,
  "extra bytes after the end": `${http(200, answered)}HTTP/1.1 500 No\r\n\r\n`,
  "chunks of one byte": `${head("transfer-encoding: chunked\r\n")}${Array.from(answered, (char) => `1\r\n${char}\r\n`).join("")}0\r\n\r\n`,
  "early hints": `HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n${http(200, answered)}`,
  "gzip without a request for it": packed("gzip", gzipSync(answered)),
  "gzip by its old name": packed("X-GZIP", gzipSync(answered)),
  "deflate without a request for it": packed("deflate", deflateSync(answered)),
  "brotli without a request for it": packed("br", brotliCompressSync(answered)),
  "an identity encoding": packed("identity", Buffer.from(answered)),
};

/** Invalid replies: exit code, error code of the JSON line. */
const broken: Record<string, [reply: RawReply, exit: number, code: string]> = {
  "a head that never ends": [
    (socket) => {
      const drip = setInterval(() => socket.write("x-a: b\r\n"), 20);
      socket.on("close", () => clearInterval(drip)).write("HTTP/1.1 200 OK\r\n");
    },
    6,
    "timeout",
  ],
  "a huge head": [head(`x-a: ${"b".repeat(200_000)}\r\n`) + answered, 1, "bad_reply"],
  "a cut chunk": [`${head("transfer-encoding: chunked\r\n")}5\r\n{"res\r\n`, 6, "unreachable"],
  "a chunk without its size": [`${head("transfer-encoding: chunked\r\n")}xyz\r\n`, 1, "bad_reply"],
  "too short a length": [`${head("content-length: 9\r\n")}${answered}`, 1, "bad_reply"],
  "too long a length": [`${head("content-length: 999\r\n")}${answered}`, 6, "unreachable"],
  "too long a length, left open": [
    (socket) => void socket.write(`${head("content-length: 999\r\n")}${answered}`),
    6,
    "timeout",
  ],
  "two lengths": [
    `${head(`content-length: 3\r\ncontent-length: ${answered.length}\r\n`)}${answered}`,
    1,
    "bad_reply",
  ],
  "an invalid length": [`${head("content-length: many\r\n")}${answered}`, 1, "bad_reply"],
  "100 Continue without a request for it": [
    `HTTP/1.1 100 Continue\r\n\r\n${http(200, answered)}`,
    1,
    "bad_reply",
  ],
  "a switch of protocols": ["HTTP/1.1 101 No\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", 1, "bad_reply"],
  "status 0": ["HTTP/1.1 000 No\r\ncontent-length: 0\r\n\r\n", 1, "bad_reply"],
  "HTTP/2 in plain text": [`HTTP/2 200\r\n\r\n${answered}`, 1, "bad_reply"],
  "HTTP/0.9": [answered, 1, "bad_reply"],
  "too deeply nested JSON": [http(200, "[".repeat(100_000)), 1, "bad_reply"],
  "invalid gzip": [packed("gzip", Buffer.from(answered)), 1, "bad_reply"],
  "truncated gzip": [packed("gzip", gzipSync(answered).subarray(0, 30)), 1, "bad_reply"],
  "an unknown encoding": [packed("zstd", Buffer.from([1, 2, 3])), 1, "bad_reply"],
  "bytes without an end": [endless("", "x".repeat(1024 * 1024)), 1, "bad_reply"],
  "a stream without an end": [
    endless(
      "content-type: text/event-stream\r\n",
      `event: reasoning\ndata: {"text":"${"x".repeat(1024 * 1024)}"}\n\n`,
    ),
    1,
    "bad_reply",
  ],
};

let home: Home;
let server: RawServer;
const replies = [...Object.values(whole), ...Object.values(broken).map(([reply]) => reply), streamed];
beforeAll(async () => {
  home = await makeHome();
  moveInto(home, { AI_CHAT_TOKEN: "tok" });
  server = await openRawServer(({ url }) => replies[Number(url.split("/")[1])] ?? http(404));
});
afterAll(async () => {
  await server.close();
  await home.remove();
  vi.unstubAllEnvs();
});

const at = (reply: RawReply) => ["-s", `${server.url}/${replies.indexOf(reply)}`];
const ask = ["ask", "--no-stdin", "hi"];
/** A short timeout only where silence is the subject: on a busy machine other replies can be slow. */
const silence = (code: string) => (code === "timeout" ? ["--timeout", "0.5"] : []);

describe.concurrent("an unusual but valid reply is read", () => {
  test.each(Object.entries(whole))("%s", async (_name, reply) => {
    expect(await runInside([...ask, ...at(reply)])).toEqual({ code: 0, stdout: "Hello\n", stderr: "" });
    expect((await runInside(["balance", "-q", ...at(reply)])).stdout).toBe("7\n");
  });
});

describe.concurrent("an invalid reply is reported in two lines", () => {
  test.each(Object.entries(broken))("%s", async (_name, [reply, exit, code]) => {
    const where = [...at(reply), ...silence(code)];
    const words = await runInside([...ask, ...where]);
    expect(words).toMatchObject({ code: exit, stdout: "" });
    expect(words.stderr).toMatch(
      /^ai-chat: .*http:\/\/127.*\. The question may have been charged\.\n.+ai-chat balance -s .+\n$/,
    );
    const json = await runInside([...ask, "--json", ...where]);
    expect(json).toMatchObject({ code: exit, stdout: "" });
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code } });
    const balance = await runInside(["balance", ...where]);
    expect(balance).toMatchObject({ code: exit, stdout: "" });
    expect(balance.stderr).toMatch(/^ai-chat: .+\n.+\n$/);
    expect(balance.stderr).not.toContain("Check what you sent");
  });
});

test("a streamed answer is the same wherever the bytes are split, also inside a character", async () => {
  const bytes = Buffer.from(streamed);
  for (const size of [1, 7]) {
    const pieces = await openRawServer(() => inPieces(bytes, size));
    const args = ["ask", "hi", "--json", "--stream", "-s", pieces.url];
    const { code, stdout } = await runProgram(args, { home, env: { AI_CHAT_TOKEN: "tok" } });
    await pieces.close();
    expect(code).toBe(0);
    expect(stdout.split("\n").map((line) => line && (JSON.parse(line) as unknown))).toEqual([
      { type: "delta", text: "Héllo" },
      {
        type: "done",
        response: "Héllo",
        tokens_deducted: 100,
        tokens: 7,
        model: null,
        finish: null,
        turns_sent: null,
        conversation: null,
      },
      "",
    ]);
  }
});
