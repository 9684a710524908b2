import { afterEach, beforeEach, expect, test } from "vitest";
import { createApiClient } from "../../../src/client/http/api-client.ts";
import type { ApiClient, Question } from "../../../src/client/http/contract.ts";
import type { KeptOffer } from "../../../src/client/http/offer.ts";
import { openModelsServer, type ModelsServer } from "../../support/models-server.ts";

/** The client of a server with several models, and of one without. */

let server: ModelsServer;
let client: ApiClient;
let kept: KeptOffer | undefined;
const open = () =>
  createApiClient({
    server: server.url,
    token: "t",
    offerCache: { read: () => kept, write: (offer) => void (kept = offer) },
  });

beforeEach(async () => {
  kept = undefined;
  server = await openModelsServer();
  client = open();
});
afterEach(async () => {
  await client.close();
  await server.close();
});

async function ask(question: Partial<Question>) {
  for await (const event of client.ask({ message: "hi", history: [], key: "k", ...question }))
    if (event.type === "done") return event;
  return undefined;
}

test("a question names its model, and the answer tells who answered and what it cost", async () => {
  expect(await ask({ model: "big" })).toMatchObject({ model: "big", tokensDeducted: 500 });
  expect(await ask({})).toMatchObject({ model: "small", tokensDeducted: 100 });
  expect(server.asked()).toEqual(["big", undefined]);
});

test("a question without a model asks for nothing else", async () => {
  await ask({});
  expect(server.seen.map(({ url }) => url)).toEqual(["/api/chat/"]);
});

test("the models are part of the offer, and are kept with it", async () => {
  const models = [
    { name: "small", price: 100, isDefault: true },
    { name: "big", price: 500, isDefault: false },
  ];
  expect((await client.offer()).models).toEqual(models);
  const asked = server.seen.length;
  const again = open();
  expect((await again.offer()).models).toEqual(models);
  await again.close();
  expect(server.seen).toHaveLength(asked);
});

test("models asks anew, although an offer is kept", async () => {
  await client.offer();
  server.models = [{ name: "new", price: 1, default: true }];
  expect(await client.models()).toEqual([{ name: "new", price: 1, isDefault: true }]);
  expect((await client.offer()).models).toHaveLength(1);
});

test("a model that is gone is refused with the names, and the list is learned anew", async () => {
  await client.offer();
  server.models = [{ name: "new", price: 1, default: true }];
  await expect(ask({ model: "big" })).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining("new"),
    remedy: { kind: "choose_model" },
    charged: "no",
  });
  expect((await client.offer()).models.map(({ name }) => name)).toEqual(["new"]);
});

test("a server without models gets no question that names one, unless it may be left out", async () => {
  server.models = [];
  await expect(ask({ model: "big" })).rejects.toMatchObject({ code: "not_offered" });
  await expect(client.models()).rejects.toMatchObject({ code: "not_offered" });
  expect(server.asked()).toEqual([]);
  let left = 0;
  await ask({ model: "big", onModelLeftOut: () => (left += 1) });
  expect([left, server.asked()]).toEqual([1, [undefined]]);
});

test("a server that has had models only since its offer was kept is asked again", async () => {
  kept = { at: Date.now(), extensions: ["stream"], price: 100, model: "only" };
  expect(await ask({ model: "big" })).toMatchObject({ model: "big" });
});

test.each([
  ["no list", undefined],
  ["names that cannot be shown as they are", [{ name: "a\u001b[1m" }, { name: "" }, 7]],
])("%s gives no models", async (_, models) => {
  kept = { at: Date.now(), extensions: ["models"], price: 100, model: null, models };
  expect((await client.offer()).models).toEqual([]);
});

test("images go to a server that offers them; another one gets no such question", async () => {
  const images = [{ media_type: "image/png", data: "iVBORw0KGgoAAAAN" } as const];
  kept = { at: Date.now(), price: 100, model: "small", extensions: ["stream", "images"] };
  await ask({ images });
  expect(server.seen.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([{ images }]);
  kept = { ...kept, extensions: ["stream"] };
  const other = open();
  const refused = other.ask({ message: "hi", history: [], key: "k", images }).next();
  await expect(refused).rejects.toMatchObject({ code: "not_offered", message: /takes no images/ });
  await other.close();
  expect(server.asked()).toHaveLength(1);
});

test("a model tells that it takes images", async () => {
  server.models = [{ name: "sees", price: 1, default: true, images: true }];
  expect((await client.offer()).models).toMatchObject([{ name: "sees", images: true }]);
});

test("instructions go to a server that offers them, and to no other", async () => {
  const offer = { at: Date.now(), price: 100, model: "small" };
  kept = { ...offer, extensions: ["stream", "instructions"] };
  await ask({ instructions: "In French." });
  kept = { ...offer, extensions: ["stream"] };
  const other = open();
  let left = 0;
  const question = { message: "hi", history: [], key: "k", instructions: "In French." };
  for await (const _ of other.ask({ ...question, onInstructionsLeftOut: () => (left += 1) }));
  expect(left).toBe(1);
  await other.close();
  const sent = server.seen.map(({ body }) => (JSON.parse(body) as { instructions?: string }).instructions);
  expect(sent).toEqual(["In French.", undefined]);
});
