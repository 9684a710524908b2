import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { wantsEvents } from "../../src/server/http/accept.ts";
import { sentToken } from "../../src/server/http/authenticate.ts";
import { isUtf8Json } from "../../src/server/http/media-type.ts";
import { idempotencyKey } from "../../src/server/http/openapi/chat-operations.ts";
import { parseKey } from "../../src/server/http/read-key.ts";

test("a client gets events only if it prefers them to JSON", () => {
  for (const [accept, events] of [
    ["text/event-stream", true],
    ["Text/Event-Stream;q=0.1", true],
    ["text/event-stream, application/json", true],
    ["text/event-stream, application/json;q=0.9", true],
    ["application/json;q=0.9, text/event-stream", true],
    ["text/event-stream, */*", true],
    ["text/event-stream;charset=utf-8;q=0.5, */*;q=0.1", true],
    ["text/event-stream;q=0.5, application/*;q=0.4, */*", true],
    ["application/json, text/event-stream", false],
    ["*/*, text/event-stream", false],
    ["text/event-stream;q=0.5, */*", false],
    ["text/event-stream;q=0, */*;q=0", false],
    ["text/event-stream;q=0", false],
    ["text/event-stream;q=high", false],
    ["text/event-stream;q=1.5", false],
    ["text/*", false],
    ["*/*", false],
    ["application/json", false],
    ["text/html", false],
    ["x-text/event-streamer", false],
    [",;,", false],
    ["", false],
  ] as const)
    expect(wantsEvents(accept), accept).toBe(events);
});

/** Values of the header, and the key in each; undefined if its form is wrong. */
const keys = [
  ["abc", "abc"],
  ['"abc"', "abc"],
  ['"a\\"b\\\\c"', 'a"b\\c'],
  ['a"b', 'a"b'],
  ["k".repeat(255), "k".repeat(255)],
  [`"${"k".repeat(255)}"`, "k".repeat(255)],
  ["k".repeat(256), undefined],
  ["", undefined],
  ['""', undefined],
  ['"', undefined],
  ['"a', undefined],
  ['"a"b', undefined],
  ['"a\\b"', undefined],
  ['"a b"', undefined],
  ["a, b", undefined],
  ["é", undefined],
  ["a\u007f", undefined],
  // Parameters (RFC 9651 §3.1.2) do not count. A key without quotes is no structured item: all of it is the key.
  ['"abc";a', "abc"],
  ['"abc"; a; *b-.c_2=?0', "abc"],
  ['"abc";a=-12.5;b=999;c=@1659578233', "abc"],
  ['"abc";a="x;y\\"z";b=tok/en:*;c=:aGk=:;d=%"f%c3%bc"', "abc"],
  ["a;b=1", "a;b=1"],
  [`"${"k".repeat(255)}";a=1`, "k".repeat(255)],
  ['"abc";', undefined],
  ['"abc" ;a', undefined],
  ['"abc";A', undefined],
  ['"abc";1', undefined],
  ['"abc";a=', undefined],
  ['"abc";a="x', undefined],
  ['"abc";a=?2', undefined],
  ['"abc", "d"', undefined],
  ['"";a=1', undefined],
] as const;

test("an Idempotency-Key is 1 to 255 visible ASCII characters, with or without quotes", () => {
  for (const [value, key] of keys) expect(parseKey(value), JSON.stringify(value)).toBe(key);
});

test("docs/openapi.json takes each Idempotency-Key that the server takes", () => {
  const taken = keys.filter(([, key]) => key !== undefined).map(([value]) => value);
  const documented = new Ajv().compile(idempotencyKey.schema);
  expect(taken.filter((value) => !documented(value))).toEqual([]);
});

test("the token of an Authorization header follows the scheme Bearer or Token", () => {
  for (const [header, token] of [
    ["Bearer abc", "abc"],
    ["BEARER   abc", "abc"],
    ["bearer a b", "a b"],
    ["Bearer", undefined],
    ["Bearer ", undefined],
    ["Bearerabc", undefined],
    ["Token abc", "abc"],
    ["token  abc", "abc"],
    ["Tokens abc", undefined],
    ["JWT abc", undefined],
    ["Basic abc", undefined],
    ["", undefined],
  ] as const)
    expect(sentToken(header), header).toBe(token);
});

test("a Content-Type announces JSON in UTF-8 if its type is JSON and it has no other charset", () => {
  for (const [type, yes] of [
    ["application/json", true],
    ["application/vnd.api+json ; charset=utf8", true],
    ['APPLICATION/JSON; Charset="UTF-8"', true],
    ["application/json; charset=utf-8; charset=UTF8", true],
    ["application/json; charset=utf-8; charset=latin1", false],
    ["application/json; charset=latin1; charset=utf-8", false],
    ["application/json; charset=utf-16", false],
    ["application/jsonp", false],
    ["text/json", false],
    ["json", false],
    ["", false],
  ] as const)
    expect(isUtf8Json(type), type).toBe(yes);
});
