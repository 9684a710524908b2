import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askUpstream, forms, inPieces } from "../support/ask-upstream.ts";
import { openRawServer, type RawServer } from "../support/raw-server.ts";
import { openTestServer, type TestServer } from "../support/test-server.ts";
import { dialects } from "./dialects.ts";
import type { Shape } from "./shape.ts";

/** Longest reply that is sent byte by byte; others come in pieces of 97 bytes. */
const SHORT = 600;

const replyTo = ({ plain, streamed }: Shape, isStream: boolean) =>
  ((isStream ? streamed : plain) ?? plain ?? streamed)!;

describe.each(dialects)("$provider", ({ path = "/v1", shapes }) => {
  let upstream: RawServer;
  let server: TestServer;
  let token: string;
  let reply: Uint8Array;

  beforeAll(async () => {
    upstream = await openRawServer(() => reply);
    server = await openTestServer({ baseUrl: upstream.url + path, startingTokens: 100_000 });
    token = await server.token("jane");
  });

  afterAll(async () => {
    await server?.close();
    await upstream?.close();
  });

  describe.each(forms)("asked %s", (_form, isStream) => {
    test.each(shapes)("$name", async (shape) => {
      reply = replyTo(shape, isStream);
      const before = await server.settled(token);
      const { finish, ...outcome } = await askServer(server, token, isStream);
      expect(finish).toBe(shape.finish === undefined ? finish : shape.finish);
      expect(outcome).toEqual({
        text: shape.text,
        charged: shape.text === undefined ? undefined : 100,
        error: shape.error,
        reasoning: isStream ? (shape.reasoning ?? "") : "",
      });
      expect(before - (await server.settled(token))).toBe(shape.text === undefined ? 0 : 100);
    });

    test.each(shapes)("passed on at /v1: $name", async (shape) => {
      reply = replyTo(shape, isStream);
      const before = await server.settled(token);
      const response = await server.post(
        "/v1/chat/completions",
        { messages: [{ role: "user", content: "Say hello." }], stream: isStream },
        { Authorization: `Bearer ${token}` },
      );
      const body = await response.text();
      const isWhole = isStream ? body.endsWith("data: [DONE]\n\n") : response.ok;
      expect(isWhole).toBe(shape.text !== undefined || isCall(shape));
      expect(before - (await server.settled(token))).toBe(isWhole ? 100 : 0);
      expect(body.includes('"error":{"message":')).toBe(!isWhole);
    });

    test.each(shapes)("in the smallest pieces: $name", async (shape) => {
      const bytes = replyTo(shape, isStream);
      const pieces = inPieces(bytes, bytes.length > SHORT ? 97 : 1);
      const { answer, deltas, reasoning, error } = await askUpstream(() => pieces, {
        stream: isStream,
        path,
      });
      expect(answer).toBe(shape.text);
      expect(deltas?.join("")).toBe(isStream ? shape.text : undefined);
      expect(reasoning).toBe(isStream ? (shape.reasoning ?? "") : "");
      expect(error?.code).toBe(shape.error);
      expect(error?.ai).toBe(shape.ai);
      expect(error?.retryAfter).toBe(shape.retryAfter);
      expect(error?.cause ?? "").toMatch(shape.log ?? /^/);
      expect(error?.detail ?? "").toMatch(shape.told ?? /^/);
    });
  });
});

/** A program can call a tool, and gets tags as they are: what is no answer for chat. */
const isCall = ({ told, name }: Shape) =>
  (told?.test("call a tool") === true && !told.test("")) || /thought in tags/.test(name);

/** What a server answers to one question. */
async function askServer(server: TestServer, token: string, isStream: boolean) {
  const headers = { Authorization: `Bearer ${token}`, ...(isStream && { Accept: "text/event-stream" }) };
  const response = await server.post("/api/chat/", { message: "Say hello." }, headers);
  const body = await response.text();
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    const { response: text, tokens_deducted: charged, code: error } = JSON.parse(body);
    const finish = response.headers.get("finish-reason");
    return { text, charged, error, reasoning: "", finish };
  }
  const events = body.split("\n\n").flatMap((event) => {
    const [, name, data] = /^event: (\w+)\ndata: ([^\n]*)$/.exec(event) ?? [];
    return name === undefined ? [] : [[name, JSON.parse(data!)] as const];
  });
  const [name, last] = events.at(-1)!;
  const textOf = (kind: string) =>
    events.flatMap(([name, { text }]) => (name === kind ? [text as string] : [])).join("");
  const isWhole = name === "done";
  return {
    text: isWhole ? textOf("delta") : undefined,
    charged: isWhole ? (last.tokens_deducted as number) : undefined,
    error: isWhole ? undefined : (last.code as string),
    reasoning: textOf("reasoning"),
    finish: last.finish as string | null,
  };
}
