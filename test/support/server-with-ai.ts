import { afterAll, beforeAll } from "vitest";
import { openFakeOpenAi, type FakeOpenAi } from "./openai-server.ts";
import { openTestServer, type TestServer, type Wishes } from "./test-server.ts";

/**
 * One server and the fake AI that answers it, for all tests of a file: opened before the first and closed after the
 * last. Both objects are empty before that.
 */
export function openServerWithAi(wishes: Wishes = {}): { ai: FakeOpenAi; server: TestServer } {
  const ai = {} as FakeOpenAi;
  const server = {} as TestServer;
  beforeAll(async () => {
    Object.assign(ai, await openFakeOpenAi());
    Object.assign(server, await openTestServer({ baseUrl: ai.url, ...wishes }));
  });
  afterAll(async () => {
    await server.close?.();
    await ai.close?.();
  });
  return { ai, server };
}
