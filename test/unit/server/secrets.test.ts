import { expect, test } from "vitest";
import { createSecrets } from "../../../src/server/secrets.ts";
import { testConfig, testModel } from "../../support/test-server.ts";

/** docs/hosting.md#know-what-is-stored */

const config = {
  ...testConfig("/srv/ai-chat"),
  store: {
    kind: "postgres",
    url: "postgres://chat:p%40ss-of-url@db/chat?password=pass-of-query",
    password: "pass-of-environment",
    connections: 10,
  },
  models: [
    testModel({ apiKey: "key-of-one" }),
    testModel({
      baseUrl: "https://user-name:pass-of-base@a.example/v1?api-version=2&code=key-of-query",
      headers: { "api-key": "key-of-header" },
    }),
  ],
  secrets: ["signing secret, 32 bytes or more"],
} as const;

test("every secret of a configuration is replaced, as it is written and as it is sent", () => {
  const { redact } = createSecrets(config);
  const words = [
    ["p%40ss-of-url", "p@ss-of-url", "pass-of-query", "pass-of-environment", "key-of-one", "user-name"],
    ["pass-of-base", "key-of-query", "key-of-header", "signing secret, 32 bytes or more"],
    [Buffer.from("user-name:pass-of-base").toString("base64")],
  ].flat();
  for (const word of words) expect(redact(`It says "${word}".`)).toBe('It says "[secret]".');
});

test("a key that could be a word stays", () => {
  const { redact } = createSecrets({ ...config, models: [testModel({ apiKey: "ollama" })] });
  expect(redact("ollama answers")).toBe("ollama answers");
});

test("a configuration that was read again has its own secrets", () => {
  const { redact, change } = createSecrets(config);
  change({ ...config, models: [testModel({ apiKey: "another-key" })] });
  expect(redact("another-key")).toBe("[secret]");
});
