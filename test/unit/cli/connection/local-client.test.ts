import { describe, expect, it } from "vitest";
import { askAgain } from "../../../../src/client/http/ask-again.ts";
import { ClientError } from "../../../../src/client/failure.ts";
import type { AnswerEvent, ApiClient } from "../../../../src/client/http/contract.ts";
import { noOffer } from "../../../../src/client/http/offer.ts";
import { openLocalClient } from "../../../../src/cli/connection/local-client.ts";

/** Servers one after the other; what each of their clients was made with. */
async function openLocal(
  calls: (at: number) => Partial<ApiClient>,
  reopen = async () => {},
  urlOf = (at: number) => `http://127.0.0.1:${at}`,
) {
  const tokens: (string | undefined)[] = [];
  const { client } = await openLocalClient(
    {
      open: async () => {
        if (tokens.length > 0) await reopen();
        return { url: urlOf(tokens.length + 1), started: undefined, inFlight: 0, close: async () => {} };
      },
      client: (_url, token) => {
        tokens.push(token);
        return fake(token, calls(tokens.length));
      },
    },
    "token",
  );
  return { client, tokens };
}

/** Holds its token until a logout has ended, like a real client. */
function fake(token: string | undefined, calls: Partial<ApiClient>): ApiClient {
  const client = {
    token,
    close: async () => {},
    offer: async () => noOffer,
    ...calls,
    logout: () => calls.logout?.().finally(() => (client.token = undefined)),
  };
  return client as ApiClient;
}

const gone = async () => {
  throw new ClientError("unreachable", "The connection was lost.");
};

it("forgets the token at a logout, however that ends, also for a server that is opened later", async () => {
  const refused = async () => {
    throw new ClientError("not_offered", "It takes no tokens back.");
  };
  const { client, tokens } = await openLocal((at) =>
    at === 1 ? { logout: refused, balance: gone } : { balance: async () => ({ tokens: null, held: null }) },
  );
  await expect(client.logout()).rejects.toMatchObject({ code: "not_offered" });
  await client.balance();
  expect(tokens).toEqual(["token", undefined]);
});

it("repeats a logout with its token if the server has ended", async () => {
  const { client, tokens } = await openLocal((at) => ({ logout: at === 1 ? gone : async () => {} }));
  await client.logout();
  expect(tokens).toEqual(["token", "token"]);
});

/** Asks, and nothing of an answer comes. */
function asking(failure: ClientError): Partial<ApiClient> {
  return {
    // oxlint-disable-next-line require-yield -- nothing of the answer has come
    ask: async function* () {
      throw failure;
    },
  };
}

const question = { message: "?", history: [], key: "k" };
const lost = new ClientError("unreachable", "The connection was lost.", { charged: "maybe" });

/** Asks by the retry rule of all faces, without waiting. */
async function ask(client: ApiClient): Promise<AnswerEvent[]> {
  const events: AnswerEvent[] = [];
  for await (const event of askAgain(client, question, { sleep: async () => undefined })) events.push(event);
  return events;
}

it("says that a question may have been charged if the server ended and can't be opened again", async () => {
  const { client } = await openLocal(
    () => asking(lost),
    async () => {
      throw new ClientError("internal", "The ledger is damaged.", { hint: "Restore it." });
    },
  );
  await expect(ask(client)).rejects.toMatchObject({
    code: "internal",
    message: "The ledger is damaged.",
    hint: "Restore it.",
    charged: "maybe",
  });
});

it.each([
  ["may have cost something, where the next server refuses it", 503, "maybe"],
  ["cost nothing, where the next server says that it can't be paid", 402, "no"],
] as const)("says that a question %s", async (_what, status, charged) => {
  const refused = new ClientError("store_unavailable", "Not now.", { status });
  const { client } = await openLocal((at) => asking(at === 1 ? lost : refused));
  await expect(ask(client)).rejects.toMatchObject({ message: "Not now.", status, charged });
});

describe("servers that end one after the other", () => {
  it("are followed until one stays", async () => {
    const { client, tokens } = await openLocal((at) => ({
      balance: at < 4 ? gone : async () => ({ tokens: 3900, held: 0 }),
    }));
    expect(await client.balance()).toEqual({ tokens: 3900, held: 0 });
    expect(tokens).toHaveLength(4);
  });

  it("answer a question under its key, once one stays", async () => {
    const done = { type: "done", response: "At last.", tokensDeducted: 100, tokens: 3900 } as const;
    const keys: string[] = [];
    const { client } = await openLocal((at) => ({
      ask: async function* ({ key }) {
        keys.push(key);
        if (at < 4) throw lost;
        yield done;
      },
    }));
    expect(await ask(client)).toEqual([done]);
    expect(keys).toEqual(["k", "k", "k", "k"]);
  });

  it("leave the charge in doubt where a later one refuses the question", async () => {
    const shutting = new ClientError("shutting_down", "It stops.", { status: 503 });
    const refused = new ClientError("store_unavailable", "Not now.", { status: 503 });
    const { client } = await openLocal((at) => asking([lost, shutting][at - 1] ?? refused));
    await expect(ask(client)).rejects.toMatchObject({
      message: "Not now.",
      charged: "maybe",
    });
  });
});

it("stops repeating at a server that fails but does not end", async () => {
  const sameUrl = () => "http://127.0.0.1:1";
  const { client, tokens } = await openLocal(() => ({ ...asking(lost), balance: gone }), undefined, sameUrl);
  await expect(client.balance()).rejects.toMatchObject({ code: "unreachable" });
  await expect(ask(client)).rejects.toMatchObject({ code: "unreachable", charged: "maybe" });
  // One server to begin with, one more for the balance, and three for the question.
  expect(tokens).toHaveLength(5);
});
