import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Call } from "../../../../src/cli/argv/call.ts";
import { lookAtAi } from "../../../../src/cli/commands/doctor/ai.ts";
import { answerOperator } from "../../../../src/server/stores/json/operator.ts";
import { acquireLock } from "../../../../src/server/stores/json/lock.ts";
import { openJsonStore } from "../../../../src/server/stores/json/store.ts";
import { failure, openFakeOpenAi, type FakeOpenAi } from "../../../support/openai-server.ts";
import { makeHome, runProgram, type Home } from "../../../support/run-program.ts";
import { openTestServer, testModel, type TestServer } from "../../../support/test-server.ts";

let home: Home;
let ai: FakeOpenAi;
let server: TestServer;
let dir: string;
beforeAll(async () => {
  home = await makeHome();
  dir = await mkdtemp(join(tmpdir(), "ai-chat-doctor-"));
  ai = await openFakeOpenAi();
  const at = { upstream: "m", baseUrl: ai.url, apiKey: "sk-a-secret-key" };
  server = await openTestServer({
    provider: undefined,
    models: [testModel({ name: "small", ...at }), testModel({ name: "large", ...at })],
  });
  ai.respond(failure(404, { message: "no model m for sk-a-secret-key", code: "c", type: "t" }));
  const headers = { Authorization: `Bearer ${await server.token("jane")}` };
  for (let count = 0; count < 3; count += 1) await server.post("/api/chat", { message: "hello" }, headers);
});
afterAll(async () => {
  await server.close();
  await ai.close();
  await home.remove();
  await rm(dir, { recursive: true });
});

/** What doctor finds with these options. */
const look = (values: object) =>
  lookAtAi({
    values,
    sources: {},
    places: {},
    program: { name: "ai-chat" },
    command: "doctor",
    flags: [],
    words: [],
    output: { note: () => {} },
    signal: new AbortController().signal,
  } as unknown as Call);

const CAUSE =
  "the upstream answered 404 (t, c): it does not know the model, or the base URL is wrong (most end in /v1); it says: no model m for [secret]";

test("doctor --data tells which model is failing, why and what to do, and exits with 8", async () => {
  const doctor = (...more: string[]) =>
    runProgram(["doctor", "-s", server.url, "--data", server.dir, ...more], { home });
  const { code, stdout } = await doctor();
  expect(code).toBe(8);
  expect(stdout.replaceAll(/\s+/g, " ")).toMatch(
    /Your AI . AI small has been failing since 20\d\d-\d\d-\d\d \d\d:\d\d UTC, with 3 failures\. The AI does not know the model, .* The last cause: the upstream answered 404 .* Check the name that the model has there, and its address \(base_url\)\. - AI large is unknown: it has not answered yet $/,
  );
  const json = await doctor("--json");
  expect(JSON.parse(json.stdout)).toMatchObject({
    ai: [
      {
        model: "small",
        state: "failing",
        since: expect.any(String),
        why: "model",
        cause: CAUSE,
        failures: 3,
      },
      { model: "large", state: "unknown", since: null, why: null, cause: null, failures: 0 },
    ],
    problems: [{ code: "upstream_error", hint: expect.stringMatching(/^Check the name/) }],
  });
});

test("doctor asks nobody unless a store is named, and nobody of a database", async () => {
  expect(await look({})).toBeUndefined();
  expect(await look({ store: "postgres://127.0.0.1:1/x" })).toMatchObject({
    findings: [{ text: expect.stringContaining("metrics and logs"), note: true }],
    document: null,
  });
});

test("doctor says that no server runs on a folder, or that there is no store", async () => {
  expect(await look({ data: dir })).toMatchObject({
    findings: [{ fault: { code: "usage", message: `There is no store in ${dir}.` } }],
  });
  const store = await openJsonStore({ dir, warn: () => {} });
  expect(await look({ data: dir })).toMatchObject({
    findings: [{ text: `the process that uses ${dir} is no server`, note: true }],
  });
  await store.close();
  expect(await look({ data: dir })).toMatchObject({
    findings: [{ text: `no server runs on ${dir}`, note: true }],
    document: null,
  });
});

test("doctor says that a server is another version", async () => {
  const lock = await acquireLock(dir);
  // As a version answers that does not know the request.
  lock.serve(
    (request) =>
      answerOperator({} as never, { ...(request as object), ai: "unknown" }, undefined) as Promise<object>,
  );
  const report = await look({ data: dir });
  await lock.release();
  expect(report).toMatchObject({
    findings: [{ text: expect.stringContaining("another version of ai-chat"), note: true }],
    document: null,
  });
});
