import { expect, test } from "vitest";
import { resolve, type Given } from "../../../../src/cli/argv/resolve.ts";
import type { OptionName } from "../../../../src/cli/argv/options.ts";

const given = (more: Partial<Given>): Given => ({
  flags: new Map(),
  env: {},
  setting: () => undefined,
  ...more,
});

test("a value comes from the flag, else the environment, else the file, else the default", () => {
  const flags = new Map<OptionName, string>([["server", "flag.example"]]);
  const env = { AI_CHAT_SERVER: "env.example" };
  const setting = (name: string) => (name === "server" ? "file.example" : undefined);
  const server = (more: Partial<Given>) => {
    const { values, sources } = resolve(["server"], given(more));
    return [values.server, sources.server];
  };
  expect(server({ flags, env, setting })).toEqual(["https://flag.example", "flag"]);
  expect(server({ env, setting })).toEqual(["https://env.example", "environment"]);
  expect(server({ setting })).toEqual(["https://file.example", "file"]);
  expect(server({})).toEqual([undefined, "default"]);
});

test("an empty variable says nothing, and the second name of one counts then", () => {
  const env = { AI_CHAT_PORT: "", AI_CHAT_API_KEY: "", OPENAI_API_KEY: "k" };
  expect(resolve(["port", "apiKey"], given({ env })).values).toMatchObject({ port: 8000, apiKey: "k" });
});

test("settings of other commands are not looked at", () => {
  expect(resolve(["server"], given({ env: { AI_CHAT_PORT: "x" } })).complaints).toEqual([]);
});

const wrong: [name: OptionName, text: string][] = [
  ["port", "65536"],
  ["port", "1e3"],
  ["port", "-1"],
  ["timeout", "0"],
  ["timeout", "1h"],
  ["price", "1.5"],
  ["tokenDays", "0"],
  ["bcryptCost", "3"],
  ["host", " "],
  ["trustProxy", "0"],
  ["trustProxy", "33"],
  ["trustProxy", "loopback"],
  ["trustProxy", "10.0.0.0/33"],
  ["trustProxy", "10.0.0.0/8/8"],
  ["trustProxy", "127.1"],
  ["trustProxy", "010.0.0.1"],
  ["trustProxy", "2001:db8::/129"],
  ["trustProxy", "2001:db8:::1"],
  ["trustProxy", "::ffff:10.0.0.0/8"],
  ["trustProxy", "10.0.0.1,"],
  ["corsOrigin", "*"],
  ["corsOrigin", "http://a, b"],
  ["server", "ftp://x"],
  ["server", "http://u:p@x"],
  ["baseUrl", "localhost:11434"],
  ["store", "/some/folder"],
  ["provider", "toString"],
  ["log", "loud"],
];
test("an option rejects a value that it does not take, with one complaint", () => {
  for (const [name, text] of wrong) {
    const { complaints } = resolve([name], given({ flags: new Map([[name, text]]) }));
    expect(complaints, `${name} ${text}`).toEqual([expect.stringMatching(/^--[a-z-]+ must be .*\.$/)]);
  }
});

test.each([
  ["token", "AI_CHAT_TOKEN", "two words"],
  ["jwtSecret", "AI_CHAT_JWT_SECRET", "too short"],
  ["jwtSecret", "AI_CHAT_JWT_SECRET", `${"a".repeat(32)} short`],
  ["store", "AI_CHAT_STORE", "http://u:geheim@h"],
] as const)("the complaint about %s doesn't quote it", (name, variable, text) => {
  const { complaints } = resolve([name], given({ env: { [variable]: text } }));
  expect(complaints).toHaveLength(1);
  expect(complaints[0]).toContain(variable);
  expect(complaints[0]).not.toContain(text);
});

test.each(["tcp", "udp", "sctp"])("AI_CHAT_PORT=%s://… is passed over with a warning", (protocol) => {
  const env = { AI_CHAT_PORT: `${protocol}://10.0.0.1:8000` };
  const { values, sources, warnings, complaints } = resolve(["port"], given({ env }));
  expect({ port: values.port, source: sources.port, complaints }).toEqual({
    port: 8000,
    source: "default",
    complaints: [],
  });
  expect(warnings).toEqual([expect.stringContaining(env.AI_CHAT_PORT)]);
});

test.each(["http://10.0.0.1:8000", "10.0.0.1:8000", "tcp:8000", "x"])(
  "AI_CHAT_PORT=%s is refused",
  (text) => {
    const { warnings, complaints } = resolve(["port"], given({ env: { AI_CHAT_PORT: text } }));
    expect(warnings).toEqual([]);
    expect(complaints).toEqual([expect.stringMatching(/^AI_CHAT_PORT must be/)]);
  },
);

test("--port tcp://… is refused, whatever AI_CHAT_PORT says", () => {
  const address = "tcp://10.0.0.1:8000";
  const flags = new Map<OptionName, string>([["port", address]]);
  const { warnings, complaints } = resolve(["port"], given({ flags, env: { AI_CHAT_PORT: address } }));
  expect(warnings).toEqual([]);
  expect(complaints).toEqual([expect.stringMatching(/^--port must be/)]);
});
