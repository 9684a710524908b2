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
