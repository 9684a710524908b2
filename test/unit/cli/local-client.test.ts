import { expect, it } from "vitest";
import { ClientError } from "../../../src/client/client-error.ts";
import type { ApiClient } from "../../../src/client/contract.ts";
import { openLocalClient } from "../../../src/cli/local-client.ts";

/** Servers one after the other; what each of their clients was made with. */
async function openLocal(calls: (at: number) => Partial<ApiClient>) {
  const tokens: (string | undefined)[] = [];
  const { client } = await openLocalClient(
    {
      open: async () => ({ url: "http://127.0.0.1:1", started: undefined, close: async () => {} }),
      client: (_url, token) => {
        tokens.push(token);
        return { close: async () => {}, ...calls(tokens.length) } as ApiClient;
      },
    },
    "token",
  );
  return { client, tokens };
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

it("repeats a logout with its token where the server has left", async () => {
  const { client, tokens } = await openLocal((at) => ({ logout: at === 1 ? gone : async () => {} }));
  await client.logout();
  expect(tokens).toEqual(["token", "token"]);
});
