import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { events, http, openRawServer, type RawReply, type RawServer } from "../support/raw-server.ts";
import { openSmallServer } from "../support/others-server.ts";
import { openRefusingPort } from "../support/refusing-port.ts";
import { moveInto, runInside } from "../support/run-inside.ts";
import { knowNoNames } from "../support/unknown-names.ts";
import { makeHome, runProgram, type Home } from "../support/run-program.ts";

let home: Home;
let server: RawServer;
let reply: RawReply = http(404);
beforeAll(async () => {
  home = await makeHome();
  moveInto(home, { AI_CHAT_PASSWORD: "correct horse", AI_CHAT_TOKEN: "tok" });
  server = await openRawServer(() => reply);
});
beforeEach(() => {
  reply = http(404);
});
afterAll(async () => {
  await server.close();
  await home.remove();
  vi.unstubAllEnvs();
});

const errorIn = (stderr: string) => (JSON.parse(stderr) as { error: Record<string, unknown> }).error;

/** Statuses without an error code of this API: exit code and error code of `ask`, then of `login`. */
const statuses: [status: number, ask: [number, string], login?: [number, string]][] = [
  [400, [2, "invalid_request"]],
  [401, [4, "invalid_token"], [4, "invalid_credentials"]],
  [402, [5, "insufficient_tokens"]],
  [403, [4, "forbidden"]],
  [404, [1, "not_found"]],
  [405, [1, "method_not_allowed"]],
  [406, [2, "invalid_request"]],
  [407, [6, "unreachable"]],
  [408, [6, "timeout"]],
  [409, [7, "request_in_progress"], [2, "invalid_request"]],
  [410, [1, "not_found"]],
  [413, [2, "payload_too_large"]],
  [415, [2, "unsupported_media_type"]],
  [418, [2, "invalid_request"]],
  [422, [2, "invalid_request"]],
  [429, [7, "rate_limited"]],
  [431, [2, "invalid_request"]],
  [500, [1, "internal_error"]],
  [501, [1, "internal_error"]],
  [502, [8, "upstream_error"]],
  [503, [6, "overloaded"]],
  [504, [8, "upstream_timeout"]],
  [520, [1, "internal_error"]],
  [599, [1, "internal_error"]],
  [299, [1, "bad_reply"]],
  [399, [1, "bad_reply"]],
];

describe("a reply without an error code is classified by its status", () => {
  test.each(statuses)("%i", async (status, ask, login = ask) => {
    for (const [args, [exit, code]] of [
      [["ask", "--no-stdin", "hi"], ask],
      [["login", "-u", "jane"], login],
    ] as const) {
      reply = http(status, "<h1>Sorry</h1>", { "content-type": "text/html", "retry-after": "99" });
      const told = await runInside([...args, "--json", "-s", server.url]);
      expect([args[0], told.code, errorIn(told.stderr).code]).toEqual([args[0], exit, code]);
      expect((await runInside([...args, "-s", server.url])).stderr).toMatch(/^ai-chat: .+\n.+\n$/);
    }
  });
});

/** Errors that can end a stream after some text, and their exit codes. */
const late: [code: string, status: number, exit: number][] = [
  ["upstream_error", 502, 8],
  ["upstream_unavailable", 503, 8],
  ["upstream_timeout", 504, 8],
  ["shutting_down", 503, 6],
  ["store_unavailable", 503, 6],
  ["internal_error", 500, 1],
];

describe("an error event after some text ends ask with its exit code", () => {
  test.each(late)("%s", async (code, status, exit) => {
    reply = events(
      ["delta", { text: "Half" }],
      ["error", { status, code, detail: `It is ${code}.`, request_id: "req-1" }],
    );
    const args = ["ask", "hi", "-s", server.url];
    const env = { AI_CHAT_TOKEN: "tok" };
    const [words, json, lines] = await Promise.all([
      runProgram(args, { home, env }),
      runProgram([...args, "--json"], { home, env }),
      runProgram([...args, "--json", "--stream"], { home, env }),
    ]);
    expect(words).toMatchObject({ code: exit, stdout: "Half\n" });
    expect(words.stderr).toMatch(new RegExp(`^\\S+( \\S+)?: It is ${code}\\.[^\\n]*\\n[^\\n]+\\n$`));
    expect(json).toMatchObject({ code: exit, stdout: "" });
    expect(lines).toMatchObject({ code: exit, stdout: '{"type":"delta","text":"Half"}\n' });
    for (const { stderr } of [json, lines])
      expect(errorIn(stderr)).toMatchObject({ code, status, request_id: "req-1" });
  });
});

/** Commands whose endpoint a server may lack, and the statuses that say so. */
const lacking: [args: string[], statuses: number[]][] = [
  [["usage"], [404, 405, 501]],
  [["balance"], [404]],
  [["balance", "-q"], [404]],
];
test.each(lacking)(
  "%j ends with exit 1 and not_offered at a server without the endpoint",
  async (args, those) => {
    for (const status of those) {
      reply = http(status);
      const json = await runInside([...args, "--json", "-s", server.url]);
      expect(json).toMatchObject({ code: 1, stdout: "" });
      expect(errorIn(json.stderr)).toMatchObject({ code: "not_offered", status });
      expect((await runInside([...args, "-s", server.url])).stderr).toMatch(
        /^ai-chat: .+ does not .+\n.+\n$/,
      );
    }
  },
);

test("an invalid balance reply ends every form of balance with exit 1, and whoami prints no balance", async () => {
  for (const body of ['{"tokens":"plenty"}', "{}", '{"tokens":null}']) {
    reply = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    for (const args of [["balance"], ["balance", "-q"]]) {
      const words = await runInside([...args, "-s", server.url]);
      expect(words).toMatchObject({ code: 1, stdout: "" });
      expect(words.stderr).toMatch(/^ai-chat: .+ does not report how many tokens are left\.\n.+\n$/);
      const json = await runInside([...args, "--json", "-s", server.url]);
      expect(json).toMatchObject({ code: 1, stdout: "" });
      expect(errorIn(json.stderr)).toMatchObject({ code: "not_offered" });
    }
    const who = await runInside(["whoami", "--json", "-s", server.url]);
    expect(who).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(who.stdout)).toMatchObject({ server: server.url, tokens: null });
  }
});

const everyWay = ["balance", "whoami", "usage", "login", "register"] as const;
const more = (command: string) => (command === "login" || command === "register" ? ["-u", "jane"] : []);

describe("when no connection can be made", () => {
  let knowNames: () => void;
  beforeAll(() => (knowNames = knowNoNames()));
  afterAll(() => knowNames());

  test.each(everyWay)("%s ends with exit 6 and says what to do", async (command) => {
    const nobody = await openRefusingPort();
    const plain = await openSmallServer(() => {});
    const ways: [server: string, says: RegExp, hint: RegExp][] = [
      [nobody.url, /refused the connection/, /Is the server running\?/],
      ["http://nobody.invalid", /nobody\.invalid/, /Check your connection and the address/],
      [plain.url.replace("http:", "https:"), /The TLS connection to/, /http:\/\/ or https:\/\//],
    ];
    for (const [url, says, hint] of ways) {
      const { code, stdout, stderr } = await runInside([command, ...more(command), "-s", url]);
      expect({ code, stdout }).toEqual({ code: 6, stdout: "" });
      const [first, second, ...others] = stderr.split("\n");
      expect([first, second, others]).toEqual([
        expect.stringMatching(says),
        expect.stringMatching(hint),
        [""],
      ]);
      const json = await runInside([command, ...more(command), "--json", "-s", url]);
      expect([json.code, errorIn(json.stderr).code]).toEqual([6, "unreachable"]);
    }
    await Promise.all([nobody.close(), plain.close()]);
  });
});

describe("logout removes the stored token, whatever the server answers", () => {
  const answers: [name: string, reply: RawReply, revoked: boolean][] = [
    ["204", "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n", true],
    ["401", http(401, { detail: "Invalid token." }), true],
    ["404", http(404), false],
    ["500", http(500), false],
    ["503", http(503), false],
    ["redirect elsewhere", http(307, "", { location: "http://127.0.0.1:1/" }), false],
    ["hung up", (socket) => void socket.destroy(), false],
    ["no HTTP", "220 mail\r\n", false],
  ];
  test.each(answers)("%s", async (_name, answer, revoked) => {
    const dir = join(home.dir, "config", "ai-chat");
    await mkdir(dir, { recursive: true });
    const path = join(dir, "credentials.json");
    const kept = JSON.stringify({ [server.url]: { token: "t", username: "jane" } });
    reply = answer;
    await writeFile(path, kept);
    const words = await runInside(["logout", "-s", server.url]);
    expect(words).toMatchObject({ code: 0, stdout: "" });
    expect(words.stderr).toContain("is deleted here");
    expect(words.stderr.includes("stays valid")).toBe(!revoked);
    await writeFile(path, kept);
    const json = await runInside(["logout", "--json", "-s", server.url]);
    expect(json).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(json.stdout)).toEqual({ server: server.url, username: "jane", revoked });
    const again = await runInside(["logout", "--json", "-s", server.url]);
    expect(JSON.parse(again.stdout)).toMatchObject({ username: null, revoked: null });
  });
});
