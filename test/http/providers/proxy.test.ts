import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Proxies } from "../../../src/cli/connection/proxies.ts";
import type { ApiError } from "../../../src/server/core/api-error.ts";
import { openOpenAiProvider } from "../../../src/server/providers/openai.ts";

/** docs/cli.md#proxies */

/** Refuses everything with this status. */
let status = 502;
const proxy = createServer((_request, response) => void response.writeHead(status).end());
proxy.on("connect", (_request, socket) => socket.end(`HTTP/1.1 ${status} No\r\n\r\n`));
beforeAll(async () => {
  await once(proxy.listen(0, "127.0.0.1"), "listening");
});
afterAll(() => void proxy.close());

async function ask(baseUrl: string, port: number): Promise<ApiError> {
  const address = `http://127.0.0.1:${port}`;
  const dispatcher = new Proxies({ http: address, https: address, none: "", connect: 10 });
  const provider = openOpenAiProvider({ baseUrl, model: "m", dispatcher });
  try {
    const { signal } = new AbortController();
    await provider.answer({ messages: [{ role: "user", content: "Hello" }], signal });
  } catch (error) {
    return error as ApiError;
  } finally {
    await provider.close();
    await dispatcher.close();
  }
  throw new Error("It was answered.");
}

test.each([
  ["http://ai.example/v1", undefined, "can't be reached (ECONNREFUSED)"],
  ["https://ai.example/v1", undefined, "can't be reached (ECONNREFUSED)"],
  ["https://ai.example/v1", 502, "refused to connect to it (502)"],
  ["http://ai.example/v1", 407, "requires a login (407)"],
  ["https://ai.example/v1", 407, "requires a login (407)"],
])("a failure of the proxy before %s (%s) is told as the proxy's", async (baseUrl, refusal, words) => {
  status = refusal ?? 502;
  const port = refusal === undefined ? 1 : (proxy.address() as AddressInfo).port;
  const { code, cause } = await ask(baseUrl, port);
  expect(code).toBe("upstream_unavailable");
  expect((cause as Error).message).toBe(`the proxy on the way to the upstream ${words}`);
});
