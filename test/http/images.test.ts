import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, test } from "vitest";
import { answer, bytes, chunk } from "../support/openai-server.ts";
import { openServerWithModels } from "../support/server-with-ai.ts";

/** docs/http-api.md#images */

const { ai, server } = openServerWithModels([
  { name: "blind" },
  { name: "sees", images: true, fallback: "blind" },
  { name: "both", images: true, fallback: "sees", system: "Be brief." },
]);
let token: string;
let accounts = 0;
beforeEach(async () => {
  token = await server.token(`jane${(accounts += 1)}`);
  ai.respond(answer("A cat."));
});

const MOST = 5 * 1024 * 1024;
const heads = {
  "image/png": "\x89PNG\r\n\x1a\n",
  "image/jpeg": "\xff\xd8\xff\xe0",
  "image/webp": "RIFF\x10\0\0\0WEBPVP8 ",
  "image/gif": "GIF89a",
};
const dataOf = (head: string, size = 40) => {
  const all = Buffer.alloc(size, "pixel");
  all.write(head, "latin1");
  return all.toString("base64");
};
const png = (size?: number) => ({ media_type: "image/png", data: dataOf(heads["image/png"], size) });

const question = { message: "What is it?", model: "sees" };
const ask = (body: object, headers: Record<string, string> = {}) =>
  server.post("/api/chat/", { ...question, ...body }, { Authorization: `Bearer ${token}`, ...headers });
const codeOf = async (reply: Response) => [reply.status, ((await reply.json()) as { code?: string }).code];

/** What the AI got last. */
const got = () => ai.requests.at(-1)!.body.messages as { role: string; content: unknown }[];

test("the server says which models take them", async () => {
  const about = (await (await fetch(`${server.url}/api/`)).json()) as { extensions: string[] };
  expect(about.extensions).toContain("images");
  const { models } = (await (await fetch(`${server.url}/api/models/`)).json()) as {
    models: { name: string; images?: unknown }[];
  };
  expect(models.map(({ name, images }) => [name, images])).toEqual([
    ["blind", undefined],
    ["sees", true],
    ["both", true],
  ]);
});

test("the AI gets them with the message, and history as it is", async () => {
  const images = Object.entries(heads).map(([type, head]) => ({ media_type: type, data: dataOf(head) }));
  const history = [
    { role: "user", content: "Before? [image a.png]" },
    { role: "assistant", content: "A dog." },
    { role: "user", content: "“Quoted” \\ \u{1f600}" },
  ];
  const reply = await ask({ model: "both", images, history });
  expect(await reply.json()).toEqual({ response: "A cat.", tokens_deducted: 100 });
  expect(got()).toEqual([
    { role: "system", content: "Be brief." },
    ...history.slice(0, 2),
    {
      role: "user",
      content: [
        { type: "text", text: `${history[2]!.content}\n\nWhat is it?` },
        ...images.map(({ media_type: type, data }) => ({
          type: "image_url",
          image_url: { url: `data:${type};base64,${data}` },
        })),
      ],
    },
  ]);
  expect((await ask({ images: [] })).status).toBe(200);
  expect(got()).toEqual([{ role: "user", content: "What is it?" }]);
});

const list = "image/png, image/jpeg, image/webp, image/gif";
test.each([
  [[7], "images.0", "an image must be an object with media_type and data."],
  [7, "images", "images must be a list of images."],
  [
    [{ ...png(), media_type: "image/bmp" }],
    "images.0.media_type",
    `media_type must be one of these: ${list}.`,
  ],
  [[{ media_type: "image/png" }], "images.0.data", "data is required."],
  [
    [png(), { ...png(), media_type: "image/gif" }],
    "images.1.data",
    "data must be of the kind that media_type says: its bytes are image/png.",
  ],
  [
    [{ ...png(), data: dataOf("BM") }],
    "images.0.data",
    "data must be of the kind that media_type says: its bytes are no image of these kinds.",
  ],
  [
    [{ ...png(), data: `${png().data}\n` }],
    "images.0.data",
    "data must be Base64, with its padding and without line ends.",
  ],
  [[png(MOST + 1)], "images.0.data", "data must have at most 5242880 bytes."],
  [Array.from({ length: 5 }, () => png()), "images", "images may have at most 4 entries."],
])("what is no image, or too much, is refused: %#", async (images, field, detail) => {
  const reply = await ask({ images });
  expect([reply.status, await reply.json()]).toMatchObject([
    400,
    { code: "invalid_request", errors: [{ field, detail }] },
  ]);
  expect(await server.settled(token)).toBe(4000);
});

test("a model without images refuses them", async () => {
  const asked = ai.requests.length;
  const reply = await ask({ model: "blind", images: [png()] });
  const detail = "blind takes no images.";
  expect([reply.status, await reply.json()]).toMatchObject([400, { errors: [{ field: "images", detail }] }]);
  expect([ai.requests.length, await server.settled(token)]).toEqual([asked, 4000]);
});

test("they are part of what a key stands for", async () => {
  const key = { "Idempotency-Key": "k" };
  expect((await ask({ images: [png()] }, key)).status).toBe(200);
  const again = await ask({ images: [png()] }, key);
  expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([200, "true"]);
  for (const images of [[png(41)], [png(), png()], undefined])
    expect(await codeOf(await ask({ images }, key))).toEqual([422, "idempotency_key_reused"]);
  expect(await server.settled(token)).toBe(3900);
});

describe("a body", () => {
  const largest = () => ({ images: Array.from({ length: 4 }, () => png(MOST)) });

  test("with a token in its head has room for as many as may be, also for a stream", async () => {
    const { images } = largest();
    ai.respond(bytes([chunk({ content: "A cat." }), "data: [DONE]\n\n"], { type: "text/event-stream" }));
    const reply = await ask({ images }, { Accept: "text/event-stream" });
    expect(await reply.text()).toContain('"response":"A cat."');
    const [, ...parts] = got()[0]!.content as { image_url: { url: string } }[];
    const urls = images.map(({ data }) => `data:image/png;base64,${data}`);
    // Not by `toEqual`, which would print them.
    expect(parts.every(({ image_url: { url } }, index) => url === urls[index])).toBe(true);
    expect(await server.settled(token)).toBe(3900);
    expect(await codeOf(await ask({ images, history: [], more: "x".repeat(1_500_000) }))).toEqual([
      413,
      "payload_too_large",
    ]);
  });

  test("may be packed", async () => {
    const body = gzipSync(JSON.stringify({ ...question, images: [png(2 * 1024 * 1024)] }), { level: 1 });
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const init = { method: "POST", headers: { ...headers, "Content-Encoding": "gzip" }, body };
    expect((await fetch(`${server.url}/api/chat/`, init)).status).toBe(200);
  });

  test.each([
    [
      "with its token in the body",
      () => ({ token }),
      {},
      "28 MiB, send its token in the Authorization header",
    ],
    ["for a model without images", () => ({ model: "blind" }), undefined],
    [
      "of a long history beside them",
      () => ({ history: Array.from({ length: 200 }, () => ({ role: "user", content: "x".repeat(6000) })) }),
      undefined,
    ],
    [
      "of many small values",
      () => ({ images: [], more: Array.from({ length: 400_000 }, () => ["x"]) }),
      undefined,
      "besides its texts",
    ],
  ])("%s keeps the limit of text", async (_what, more, head, advice = "") => {
    const body = { ...question, images: [png(1024 * 1024)], ...more() };
    const headers: Record<string, string> = head ?? { Authorization: `Bearer ${token}` };
    const reply = await server.post("/api/chat/", body, headers);
    const { code, detail } = (await reply.json()) as { code: string; detail: string };
    expect([reply.status, code, detail]).toEqual([413, "payload_too_large", expect.stringContaining(advice)]);
    expect(await server.settled(token)).toBe(4000);
  });
});

test("a fallback gets them, unless it takes none", async () => {
  const before = ai.requests.length;
  ai.respond(async (request, response) => {
    const fails = ai.requests.length === before + 1;
    await (fails ? bytes([""], { status: 500 }) : answer("A cat."))(request, response);
  });
  const reply = await ask({ model: "both", images: [png()] });
  expect([reply.status, reply.headers.get("model")]).toEqual([200, "sees"]);
  expect(got()).toMatchObject([{ content: [{ type: "text" }, { type: "image_url" }] }]);
  ai.respond(bytes([""], { status: 500 }));
  expect((await ask({ images: [png()] })).status).toBe(502);
  expect(ai.requests).toHaveLength(before + 3);
  expect(await server.settled(token)).toBe(3900);
});

test("their data is in no log, even if the AI repeats it", async () => {
  const { data } = png();
  const message = `Invalid image data:image/png;base64,${data.slice(0, 24)}...`;
  ai.respond(bytes([JSON.stringify({ error: { message, type: "invalid_request_error" } })], { status: 400 }));
  expect((await ask({ images: [png()] })).status).toBe(502);
  const stream = [chunk({ content: "A " }), `data: ${JSON.stringify({ error: { message } })}\n\n`];
  ai.respond(bytes(stream, { type: "text/event-stream" }));
  expect(await (await ask({ images: [png()] }, { Accept: "text/event-stream" })).text()).toContain("error");
  const log = JSON.stringify(server.log);
  expect(log.split("base64,[image]")).toHaveLength(3);
  expect(log).not.toContain(data.slice(0, 12));
});
