import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestServer, type TestServer } from "../support/test-server.ts";

let server: TestServer;
let token: string;
beforeAll(async () => {
  server = await openTestServer({ startingTokens: 1000 });
  token = await server.token("jane");
});
afterAll(() => server.close());

const ask = (query: string, as = token) =>
  fetch(`${server.url}/api/usage${query}`, { headers: { Authorization: `Bearer ${as}` } });
const days = async (query: string) =>
  ((await (await ask(query)).json()) as { days: { date: string; questions: number; tokens: number }[] }).days;
const today = () => new Date().toISOString().slice(0, 10);

test("usage has the balance and 30 UTC days, oldest first, also those without use", async () => {
  const joe = await server.token("joe");
  // Midnight may pass in between.
  const before = today();
  for (const message of ["one", "two"])
    await server.post("/api/chat/", { message }, { Authorization: `Bearer ${joe}` });
  const reply = await ask("/", joe);
  expect(reply.headers.get("content-type")).toBe("application/json");
  const { tokens, days, ...rest } = (await reply.json()) as {
    tokens: number;
    days: { date: string; questions: number; tokens: number }[];
  };
  expect([tokens, rest]).toEqual([800, {}]);
  expect(days).toHaveLength(30);
  expect([before, today()]).toContain(days.at(-1)?.date);
  const times = days.map(({ date }) => Date.parse(date));
  expect(times).toEqual(times.map((_, index) => times[0]! + index * 86_400_000));
  const used = days.filter((day) => day.questions > 0);
  expect(used.reduce((sum, day) => sum + day.questions, 0)).toBe(2);
  expect(used.reduce((sum, day) => sum + day.tokens, 0)).toBe(200);
  for (const day of days) expect(Object.keys(day)).toEqual(["date", "questions", "tokens"]);
});

test("days is the number of days", async () => {
  for (const [query, count] of [
    ["?days=1", 1],
    ["/?days=90", 90],
    ["/?days=07", 7],
    ["/?other=x&days=2", 2],
  ] as const)
    expect(await days(query), query).toHaveLength(count);
});

test("days must be one whole number from 1 to 90", async () => {
  for (const value of ["0", "91", "-1", "1.5", "1e1", "", "x", "%31%30%30", "1&days=2", "+5", "٣"]) {
    const reply = await ask(`/?days=${value}`);
    const { code, errors } = (await reply.json()) as { code: string; errors: { field: string }[] };
    expect([reply.status, code, errors.map(({ field }) => field)], value).toEqual([
      400,
      "invalid_request",
      ["days"],
    ]);
  }
});

test("the token is checked before the days", async () => {
  const replies = await Promise.all([fetch(`${server.url}/api/usage/?days=0`), ask("/?days=0", "nonsense")]);
  const codes = replies.map(async (reply) => ((await reply.json()) as { code: string }).code);
  expect(await Promise.all(codes)).toEqual(["missing_token", "invalid_token"]);
});
