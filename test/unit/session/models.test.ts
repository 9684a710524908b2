import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openConversations } from "../../../src/client/conversations/conversations.ts";
import { ClientError } from "../../../src/client/failure.ts";
import type { ModelOffer } from "../../../src/client/http/contract.ts";
import type { ModelChoice } from "../../../src/session/model.ts";
import type { Beginning } from "../../../src/session/saved.ts";
import { answer, connectionTo, createFakeClient, twoModels } from "./fake-client.ts";
import { openSession } from "./open-session.ts";

let dir: string;
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), "models-"))));
afterEach(() => rm(dir, { recursive: true }));

interface Opened {
  models?: ModelOffer[];
  choice?: ModelChoice;
  beginning?: Beginning;
}

async function open({ models = twoModels, choice, beginning }: Opened = {}) {
  const client = createFakeClient({ models: [...models] });
  const opened = openSession({
    connection: { ...connectionTo(client, "jane"), model: choice },
    saving: { conversations: openConversations({ dir, now: () => 0 }), save: true, showCommand: "show" },
    beginning,
  });
  await opened.session.start();
  return {
    ...opened,
    client,
    ask: (text = "hi") => opened.ask(text),
    named: () => client.questions.map(({ model }) => model),
  };
}

const byFlag = (name: string): ModelChoice => ({ name, from: "flag" });
const bySetting = (name: string): ModelChoice => ({ name, from: "setting" });

it("names the default where several models exist, and none where one does", async () => {
  const several = await open();
  await several.ask();
  expect(several.named()).toEqual(["small"]);
  const one = await open({ models: twoModels.slice(0, 1) });
  await one.ask();
  expect(one.named()).toEqual([undefined]);
});

it("lists the models with their prices, the default, and the one that is chosen", async () => {
  const { session } = await open({ choice: bySetting("big") });
  expect(await session.models.choices()).toEqual([
    { id: "small", title: "small", detail: ["100 tokens a question", "default"], words: "" },
    { id: "big", title: "big", detail: ["500 tokens a question", "chosen"], words: "" },
  ]);
});

it("asks the chosen model, and shows it with its price", async () => {
  const { session, ask, named, notes } = await open();
  await session.models.choose("big");
  expect(session.state).toMatchObject({ model: "big", price: 500 });
  expect(notes()).toContain("The next questions go to big · 500 tokens a question");
  await ask();
  session.clear();
  await ask();
  expect(named()).toEqual(["big", "big"]);
});

it("refuses a name that the server does not have, and goes on with the last choice", async () => {
  const { session, notes, ask, named } = await open();
  await session.models.choose("bigg");
  expect(notes().slice(-2)).toEqual(["There is no model bigg at this server.", "It has: small, big"]);
  await ask();
  expect(named()).toEqual(["small"]);
});

it("says that there is no choice at a server without models", async () => {
  const { session, notes } = await open({ models: [] });
  expect(await session.models.choices()).toBeUndefined();
  await session.models.choose("big");
  expect(notes()).toEqual(Array(2).fill("There is no choice of models at this server."));
});

it("goes on with the model of the conversation, and after it with the usual one", async () => {
  const first = await open({ choice: bySetting("big") });
  await first.ask();
  const later = await open({ beginning: { kind: "newest" }, choice: bySetting("small") });
  expect(later.session.state).toMatchObject({ model: "big", price: 500 });
  await later.ask();
  later.session.clear();
  await later.ask();
  expect(later.named()).toEqual(["big", "small"]);
  const flag = await open({ beginning: { kind: "newest" }, choice: byFlag("small") });
  await flag.ask();
  expect(flag.named()).toEqual(["small"]);
});

it("sends nothing to another model if the conversation's is gone, and learns which there are", async () => {
  const first = await open({ choice: byFlag("big") });
  await first.ask();
  const { client, ask, notes, named } = await open({ beginning: { kind: "newest" } });
  const detail = "model must be one of: small.";
  client.script = [
    [
      new ClientError("invalid_request", detail, {
        status: 400,
        fields: [{ field: "model", detail }],
        remedy: { kind: "choose_model" },
      }),
    ],
  ];
  await ask();
  expect(named()).toEqual(["big"]);
  expect(notes()).toEqual(expect.arrayContaining([detail, "/model shows which there are."]));
});

it("leaves a setting out at a server without models, and says so once", async () => {
  const { ask, notes, session } = await open({ models: [], choice: bySetting("big") });
  await ask();
  await ask();
  expect(notes().filter((note) => note.includes("does not name big"))).toHaveLength(1);
  expect(session.state).toMatchObject({ model: "demo", price: 100 });
});

it("asks a failed question again under its key, but not after another model was chosen", async () => {
  const { session, client, ask } = await open();
  const lost = () => [new ClientError("bad_reply", "Cut off.", { charged: "maybe" })];
  client.script = [lost(), lost(), answer("Hello")];
  await ask();
  await ask();
  await session.models.choose("big");
  await ask();
  const [first, second, third] = client.questions.map(({ key }) => key);
  expect(second).toBe(first);
  expect(third).not.toBe(first);
});

it("asks for the prices anew when an answer cost another one, and only then", async () => {
  const { session, client, ask } = await open();
  const offered = await client.offer();
  let now = offered;
  let asked = 0;
  client.offer = async () => now;
  client.models = async () => {
    asked += 1;
    now = { ...offered, price: 70, models: [{ name: "small", price: 70, isDefault: true }] };
    return now.models;
  };
  await ask();
  expect([asked, session.state.price]).toEqual([0, 100]);
  for (let question = 1; question <= 2; question++) {
    client.script = [[{ type: "done", response: "Yes.", tokensDeducted: 70, tokens: -1 }]];
    await ask();
    expect([asked, session.state.price]).toEqual([1, 70]);
  }
});
