import { describe, expect, test } from "vitest";
import { askUpstream, forms, inPieces, replyOf } from "../../support/ask-upstream.ts";

const DOCUMENT = `{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Grüße 👋"},"finish_reason":"stop"}]}`;
const chunk = (content: string, reason = "null") =>
  `data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"${content}"},"finish_reason":${reason}}]}\n\n`;
const EVENTS = `${chunk("Grüße ")}${chunk("👋")}${chunk("", '"stop"')}data: [DONE]\n\n`;

/** Heads that say little about the body, or something wrong. */
const heads: [string, string[]][] = [
  ["the type of a stream", ["Content-Type: text/event-stream"]],
  ["the type of a stream in capitals", ["Content-Type: Text/Event-Stream;Charset=UTF-8"]],
  ["the type of JSON", ["content-type: application/json"]],
  ["no type", []],
  ["the type of text", ["Content-Type: text/plain; charset=utf-8"]],
  ["the type of bytes", ["content-type: application/octet-stream"]],
];

describe.each(forms)("a question that is asked %s", (_form, stream) => {
  test.each(heads)("is answered by JSON with %s", async (_what, head) => {
    const { answer, deltas } = await askUpstream(() => replyOf(head, DOCUMENT), { stream });
    expect(answer).toBe("Grüße 👋");
    expect(deltas).toEqual(stream ? ["Grüße 👋"] : undefined);
  });

  test.each(heads)("is answered by an event stream with %s", async (_what, head) => {
    const { answer, deltas } = await askUpstream(() => replyOf(head, EVENTS), { stream });
    expect(answer).toBe("Grüße 👋");
    expect(deltas).toEqual(stream ? ["Grüße ", "👋"] : undefined);
  });

  test.each([
    ["a byte order mark", "\ufeff"],
    ["blank lines", "\n\r\n\n"],
    ["blanks, as heartbeats", "  \n \t\n"],
    ["a byte order mark and blank lines", "\ufeff\n\n"],
  ])("is answered also after %s", async (_what, before) => {
    for (const body of [DOCUMENT, EVENTS]) {
      expect((await askUpstream(() => replyOf([], before + body), { stream })).answer).toBe("Grüße 👋");
    }
  });

  test.each([
    ["a comment", `: OPENROUTER PROCESSING\n\n${EVENTS}`],
    ["a comment without text", `:\n\n${EVENTS}`],
    ["an event's name", `event: message\n${EVENTS}`],
    ["an ID", `id: 1\n${EVENTS}`],
    ["a time for reconnecting", `retry: 3000\n\n${EVENTS}`],
    ["CR LF line ends", EVENTS.replaceAll("\n", "\r\n")],
    ["no blank after the colon", EVENTS.replaceAll("data: ", "data:")],
  ])("is answered by an event stream that begins with %s, also byte by byte", async (_what, body) => {
    const reply = replyOf([], body);
    expect((await askUpstream(() => reply, { stream })).answer).toBe("Grüße 👋");
    expect((await askUpstream(() => inPieces(reply, 1), { stream })).answer).toBe("Grüße 👋");
  });

  test("is answered by JSON byte by byte", async () => {
    const reply = replyOf([], `\ufeff\n${DOCUMENT}`);
    expect((await askUpstream(() => inPieces(reply, 1), { stream })).answer).toBe("Grüße 👋");
  });

  test.each([
    ["nothing", ""],
    ["nothing but blanks", "\n\n"],
    ["an HTML page", "<!doctype html><title>data: no</title>"],
    ["an HTML page with blank lines before", "\n\n<html></html>"],
    ["a list", `[${DOCUMENT}]`],
    ["text", "database: no"],
    ["a word that an event stream could begin with", "dat"],
    ["a string", '"data: no"'],
  ])("is not answered by %s, whatever its type", async (_what, body) => {
    for (const type of ["application/json", "text/event-stream"]) {
      const { error } = await askUpstream(() => replyOf([`Content-Type: ${type}`], body), { stream });
      expect(error, type).toMatchObject({ code: "upstream_error" });
    }
  });
});
