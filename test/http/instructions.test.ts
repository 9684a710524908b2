import { beforeEach, expect, test } from "vitest";
import { answer, bytes } from "../support/openai-server.ts";
import { openServerWithModels } from "../support/server-with-ai.ts";

/** docs/http-api.md#instructions */

const { ai, server } = openServerWithModels([
  { name: "plain" },
  { name: "ruled", system: "Be brief.", contextChars: 20, fallback: "tiny" },
  { name: "tiny", contextChars: 10 },
  { name: "alone", contextChars: 0, messageChars: 120_000 },
]);
let token: string;
let accounts = 0;
beforeEach(async () => {
  token = await server.token(`jane${(accounts += 1)}`);
  ai.respond(answer("Hello."));
});

const ask = (body: object, key?: string) =>
  server.post(
    "/api/chat/",
    { message: "now", ...body },
    { Authorization: `Bearer ${token}`, ...(key !== undefined && { "Idempotency-Key": key }) },
  );

/** What the AI got last. */
const got = () =>
  ai.requests
    .at(-1)!
    .body.messages.map(({ role, content }: { role: string; content: string }) => [role, content]);

const history = [
  { role: "user", content: "12345" },
  { role: "assistant", content: "67890" },
];

test("a server says that it takes them", async () => {
  const about = (await (await fetch(`${server.url}/api/`)).json()) as { extensions: string[] };
  expect(about.extensions).toContain("instructions");
});

test("they reach the AI as the system prompt, trimmed, after the operator's", async () => {
  expect((await ask({ instructions: " In French.\n", history })).status).toBe(200);
  expect(got()).toEqual([
    ["system", "In French."],
    ["user", "12345"],
    ["assistant", "67890"],
    ["user", "now"],
  ]);
  const ruled = await ask({ model: "ruled", instructions: "In French.", history });
  expect([ruled.status, ruled.headers.get("turns-sent")]).toEqual([200, "0"]);
  expect(got()).toEqual([
    ["system", "Be brief.\n\nIn French."],
    ["user", "now"],
  ]);
});

test("blank ones are none", async () => {
  expect((await ask({ instructions: " \n" }, "k")).status).toBe(200);
  expect(got()).toEqual([["user", "now"]]);
  expect((await ask({}, "k")).headers.get("idempotent-replayed")).toBe("true");
});

test("they are part of what a key stands for", async () => {
  expect((await ask({ instructions: "In French." }, "k")).status).toBe(200);
  expect((await ask({ instructions: " In French. " }, "k")).headers.get("idempotent-replayed")).toBe("true");
  for (const instructions of ["In German.", undefined])
    expect(await (await ask({ instructions }, "k")).json()).toMatchObject({ code: "idempotency_key_reused" });
  expect(await server.settled(token)).toBe(3900);
});

const emoji = (count: number) => "😀".repeat(count);

test.each([
  [{ instructions: 5 }, "instructions must be a string."],
  [{ instructions: emoji(8001) }, "instructions must have at most 8000 characters."],
  [{ instructions: "\ud83d" }, "instructions must be valid Unicode."],
  [
    { model: "tiny", message: emoji(5), instructions: emoji(6) },
    "message and instructions together must have at most 10 characters.",
  ],
])("what the server or the model does not take is refused: %#", async (body, detail) => {
  const reply = await ask(body);
  expect([reply.status, await reply.json()]).toMatchObject([
    400,
    { code: "invalid_request", errors: [{ field: "instructions", detail }] },
  ]);
  expect(await server.settled(token)).toBe(4000);
});

test("as much as the model takes is asked, and at one without history always", async () => {
  expect((await ask({ model: "tiny", message: emoji(4), instructions: emoji(6) })).status).toBe(200);
  const escaped = (count: number) => `"${String.raw`\ud83d\ude00`.repeat(count)}"`;
  const most = await fetch(`${server.url}/api/chat/`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: `{"model":"alone","message":${escaped(120_000)},"instructions":${escaped(8000)}}`,
  });
  expect(most.status).toBe(200);
  expect(got()).toEqual([
    ["system", emoji(8000)],
    ["user", emoji(120_000)],
  ]);
});

test("a fallback that cannot read them with the message is not asked", async () => {
  const fails = bytes([""], { status: 500 });
  ai.respond(fails);
  const before = ai.requests.length;
  expect((await ask({ model: "ruled", instructions: "12345678" })).status).toBe(502);
  expect(ai.requests).toHaveLength(before + 1);
  expect((await ask({ model: "ruled", instructions: "1234567" })).status).toBe(502);
  expect(ai.requests).toHaveLength(before + 3);
});
