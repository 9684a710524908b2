import { afterAll, beforeAll } from "vitest";
import { openFakeOpenAi, type FakeOpenAi } from "./openai-server.ts";
import { openTestServer, testModel, type TestServer, type Wishes } from "./test-server.ts";

/**
 * One server and the fake AI that answers it, for all tests of a file: opened before the first and closed after the
 * last. Both objects are empty before that.
 */
export function openServerWithAi(wishes: Wishes | ((ai: FakeOpenAi) => Wishes) = {}): {
  ai: FakeOpenAi;
  server: TestServer;
} {
  const ai = {} as FakeOpenAi;
  const server = {} as TestServer;
  beforeAll(async () => {
    Object.assign(ai, await openFakeOpenAi());
    const more = typeof wishes === "function" ? wishes(ai) : wishes;
    Object.assign(server, await openTestServer({ baseUrl: ai.url, ...more }));
  });
  afterAll(async () => {
    await server.close?.();
    await ai.close?.();
  });
  return { ai, server };
}

/** The same with a list of models, which that AI answers. */
export const openServerWithModels = (models: Parameters<typeof testModel>[0][]) =>
  openServerWithAi((ai) => {
    const [first, ...rest] = models.map((model) => testModel({ ...model, baseUrl: ai.url, upstream: "m" }));
    return { provider: undefined, models: [first!, ...rest] };
  });
