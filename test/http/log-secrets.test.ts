import { expect, test } from "vitest";
import { failure } from "../support/openai-server.ts";
import { openServerWithAi } from "../support/server-with-ai.ts";

/** docs/hosting.md#know-what-is-stored */

const secret = "the secret that signs every token of this server";
const { ai, server } = openServerWithAi({ secrets: [secret] });

test("the log has no secret of the configuration, whoever repeats it", async () => {
  const token = await server.token("jane");
  ai.respond(failure(400, { message: `What is ${secret}?` }));
  const reply = await server.post("/api/chat/", { message: "hello" }, { Authorization: `Bearer ${token}` });
  expect(reply.status).toBe(502);
  const { cause } = server.log.find(({ code }) => code === "upstream_error") ?? {};
  expect(cause).toContain("What is [secret]?");
});

test("the log has no API key, whoever repeats it and wherever it is sent", async () => {
  const bearer = { Authorization: `Bearer ${await server.token("joe")}` };
  const { key } = (await (await server.post("/api/keys/", { name: "a" }, bearer)).json()) as { key: string };
  ai.respond(failure(400, { message: `What is ${key}?` }));
  await server.post("/api/chat/", { message: "hello" }, { Authorization: `Bearer ${key}` });
  await fetch(`${server.url}/api/${key}/?key=${key}`);
  const log = JSON.stringify(server.log);
  expect(log).toContain("What is aic_…?");
  expect(log).toContain("/api/aic_…/");
  expect(log).not.toContain(key.slice(4, 24));
});
