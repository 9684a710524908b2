import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Call } from "../../../../src/cli/argv/call.ts";
import { newPassword } from "../../../../src/cli/io/new-password.ts";
import { openCredentials } from "../../../../src/client/kept/credentials.ts";

const DAY = 24 * 60 * 60 * 1000;
const another = "https://chat.example.org";
const [ours, once] = ["https://ours.example.org", "https://once-ours.example.org"];
let config: string;
beforeAll(async () => {
  config = await mkdtemp(join(tmpdir(), "ai-chat-password-"));
  const credentials = openCredentials({ dir: config });
  const entry = { token: "t", username: "jane" };
  const offer = { extensions: ["stream", "password"], price: 100, model: null };
  await credentials.set(another, { ...entry, offer: { ...offer, extensions: [], at: Date.now() } });
  await credentials.set(ours, { ...entry, offer: { ...offer, at: Date.now() } });
  await credentials.set(once, { ...entry, offer: { ...offer, at: Date.now() - 2 * DAY } });
});
afterAll(() => rm(config, { recursive: true }));

/** Types the lines, one a question; what was asked and told, and the password that came of it. */
async function typed(server: string, lines: string[]) {
  const said: string[] = [];
  const call = {
    command: "register",
    values: { server },
    sources: {},
    places: { config },
    program: { name: "ai-chat" },
    output: { note: (line: string) => said.push(line) },
  } as unknown as Call;
  const ask = async (label: string) => {
    said.push(label);
    return lines.shift() ?? "";
  };
  return { password: await newPassword(call, ask, { label: "Password: " }).catch(String), said };
}

test.each([
  ["short", "have at least 8 characters"],
  ["é".repeat(40), "have at most 72 bytes of UTF-8"],
  ["a\0b", "have at least 8 characters, and not hold the character U+0000"],
])("%j isn't asked for twice where the server is known to refuse it", async (password, must) => {
  for (const server of ["local", ours])
    expect(await typed(server, [password, "long enough", "long enough"])).toEqual({
      password: "long enough",
      said: ["Password: ", `The password must ${must}.`, "Password: ", "Once more: "],
    });
});

test.each([another, once, "https://new.example.org"])(
  "at %s, whose rules nobody knows, it is for the server to say",
  async (server) => {
    expect(await typed(server, ["short", "short"])).toMatchObject({ password: "short" });
  },
);

test("three tries end it, with what to type", async () => {
  const { password, said } = await typed("local", ["a", "", "long enough", "long enuogh"]);
  expect(password).toContain("No valid password was typed twice");
  expect(said.filter((line) => line === "Password: ")).toHaveLength(3);
});
