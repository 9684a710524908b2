import { brotliCompressSync, gzipSync } from "node:zlib";
import { chunk, completion, cutStream, data, document, DONE, json, stream, type Dialect } from "./shape.ts";

const HELLO = completion(`{"role":"assistant","content":"Hello"}`);
const EVENTS = chunk(`{"content":"Hel"}`) + chunk(`{"content":"lo"}`) + chunk("{}", '"stop"') + DONE;
const CONTINUE = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n");
const typed = (body: string, type: string) => document(body, "200 OK", `Content-Type: ${type}`);

/** What stands between, and what software of one's own makes of the same replies. */
export const proxies: Dialect = {
  provider: "Proxies and gateways",
  shapes: [
    {
      name: "gzip that nobody asked for",
      plain: document(gzipSync(HELLO), "200 OK", "Content-Type: application/json", "Content-Encoding: gzip"),
      streamed: document(
        gzipSync(EVENTS),
        "200 OK",
        "Content-Type: text/event-stream",
        "Content-Encoding: gzip",
      ),
      text: "Hello",
    },
    {
      name: "gzip that is cut",
      plain: document(gzipSync(HELLO).subarray(0, -30), "200 OK", "Content-Encoding: gzip"),
      streamed: document(gzipSync(EVENTS).subarray(0, -60), "200 OK", "Content-Encoding: gzip"),
      error: "upstream_error",
      ai: "answer",
    },
    {
      name: "brotli",
      plain: document(brotliCompressSync(HELLO), "200 OK", "Content-Encoding: br"),
      streamed: document(brotliCompressSync(EVENTS), "200 OK", "Content-Encoding: br"),
      text: "Hello",
    },
    {
      name: "100 Continue that nobody asked for",
      plain: Buffer.concat([CONTINUE, json(HELLO)]),
      streamed: Buffer.concat([CONTINUE, CONTINUE, stream(EVENTS)]),
      text: "Hello",
    },
    {
      name: "no Content-Type",
      plain: document(HELLO),
      streamed: document(EVENTS),
      text: "Hello",
    },
    {
      name: "a Content-Type for text",
      plain: typed(HELLO, "text/plain"),
      streamed: typed(EVENTS, "text/plain; charset=utf-8"),
      text: "Hello",
    },
    {
      name: "an event stream where JSON was asked for, and JSON where a stream was",
      plain: typed(EVENTS, "application/json"),
      streamed: typed(HELLO, "Text/Event-Stream"),
      text: "Hello",
    },
    {
      name: "a byte order mark",
      plain: typed(`\ufeff${HELLO}`, "application/json"),
      streamed: stream(`\ufeff${EVENTS}`),
      text: "Hello",
    },
    { name: "CR LF line ends", streamed: stream(EVENTS.replaceAll("\n", "\r\n")), text: "Hello" },
    { name: "CR line ends", streamed: stream(EVENTS.replaceAll("\n", "\r")), text: "Hello" },
    {
      name: "an event of several data lines",
      streamed: stream(
        `data: {"choices":[{"index":0,\ndata: "delta":{"content":"Hello"},\ndata: "finish_reason":"stop"}]}\n\n`,
        DONE,
      ),
      text: "Hello",
    },
    {
      name: "empty events as heartbeats",
      streamed: stream(
        "data:\n\n",
        "data: \n\n",
        chunk(`{"content":"Hello"}`),
        "data:\n\n",
        chunk("{}", '"stop"'),
        DONE,
      ),
      text: "Hello",
    },
    {
      name: "ids and reconnection times",
      streamed: stream(
        "retry: 3000\n\n",
        `id: 1\n${chunk(`{"content":"Hello"}`)}`,
        `id: 2\nevent: message\n${chunk("{}", '"stop"')}`,
        DONE,
      ),
      text: "Hello",
    },
    {
      name: "a NUL in the text",
      plain: json(completion(String.raw`{"content":"a\u0000b"}`)),
      streamed: stream(chunk(String.raw`{"content":"a\u0000"}`), chunk(`{"content":"b"}`, '"stop"'), DONE),
      text: "a\0b",
    },
    {
      name: "NUL bytes in place of JSON",
      plain: json("\0\0\0\0"),
      streamed: stream(chunk(`{"content":"Hel"}`), data("\0\0"), DONE),
      error: "upstream_error",
      ai: "answer",
    },
    {
      name: "half a surrogate pair at the end",
      plain: json(completion(String.raw`{"content":"Hi \ud83d"}`)),
      streamed: stream(chunk(`{"content":"Hi "}`), chunk(String.raw`{"content":"\ud83d"}`, '"stop"'), DONE),
      text: "Hi \ufffd",
    },
    {
      name: "bytes that are not UTF-8",
      plain: document(Buffer.from(HELLO.replace("Hello", "H\xe9llo"), "latin1")),
      streamed: document(Buffer.from(chunk(`{"content":"H\xe9llo"}`, '"stop"'), "latin1")),
      text: "H\ufffdllo",
    },
    {
      name: "a login page",
      plain: document(
        "<!doctype html><html><head><title>Sign in</title></head></html>",
        "200 OK",
        "Content-Type: text/html",
      ),
      error: "upstream_error",
      ai: "answer",
      log: /neither JSON nor an event stream/,
    },
    {
      name: "a redirect to a login page",
      plain: document("", "302 Found", "Location: https://login.example.org/"),
      error: "upstream_error",
      ai: "model",
      log: /302: redirects are not followed/,
    },
    {
      name: "nginx without its upstream",
      plain: document(
        "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n</html>\r\n",
        "502 Bad Gateway",
        "Content-Type: text/html",
      ),
      error: "upstream_error",
      ai: "server",
      log: /^the upstream answered 502$/,
    },
    {
      name: "nginx against a long conversation",
      plain: document(
        "<html><title>413 Request Entity Too Large</title></html>",
        "413 Request Entity Too Large",
        "Content-Type: text/html",
      ),
      error: "upstream_error",
      ai: "refused",
      told: /start a new conversation/,
    },
    { name: "nothing at all", plain: document(""), error: "upstream_error", ai: "answer" },
    {
      name: "204",
      plain: Buffer.from("HTTP/1.1 204 No Content\r\n\r\n"),
      error: "upstream_error",
      ai: "answer",
    },
    {
      name: "a connection that closes without a reply",
      plain: Buffer.alloc(0),
      error: "upstream_error",
      ai: "connection",
      log: /closed the connection without a reply/,
    },
    {
      // request/request#2380
      name: "a length beside chunks, which contradict each other",
      plain: Buffer.concat([
        Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
        Buffer.from(`${HELLO.length.toString(16)}\r\n${HELLO}\r\n0\r\n\r\n`),
      ]),
      error: "upstream_error",
      ai: "connection",
      log: /\(UND_ERR_RES_CONTENT_LENGTH_MISMATCH\)/,
    },
    {
      // nodejs/undici#756
      name: "two replies to one question",
      plain: Buffer.concat([json(HELLO), json(HELLO.replace("Hello", "Again"))]),
      text: "Hello",
    },
    {
      name: "a status that no reply has",
      plain: Buffer.from("HTTP/1.1 000 Zero\r\nContent-Length: 0\r\n\r\n"),
      error: "upstream_error",
      ai: "connection",
      log: /without a reply \(ERR_ASSERTION\)/,
    },
    {
      name: "bytes that are no HTTP",
      plain: Buffer.from("SSH-2.0-OpenSSH_9.6\r\n"),
      error: "upstream_error",
      ai: "connection",
      log: /closed the connection without a reply/,
    },
    {
      name: "a stream that breaks after its finish reason",
      streamed: cutStream(chunk(`{"content":"Hello"}`), chunk("{}", '"stop"')),
      text: "Hello",
    },
    {
      name: "broken JSON in the middle",
      streamed: stream(chunk(`{"content":"Hel"}`), data(`{"choices":[{"index":0,"delta":{"con`), DONE),
      error: "upstream_error",
      ai: "answer",
      log: /JSON that does not parse/,
    },
    {
      name: "an error after the finish reason",
      streamed: stream(chunk(`{"content":"Hello"}`, '"stop"'), data(`{"error":{"message":"late"}}`), DONE),
      error: "upstream_error",
      ai: "server",
      log: /it says: late/,
    },
  ],
};
