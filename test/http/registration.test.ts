import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { NewInvite } from "../../src/server/core/ports.ts";
import { digestOfCode, idOfDigest, newCode } from "../../src/server/core/invite-code.ts";
import { inviteInFolder } from "../support/operate-in-folder.ts";
import {
  openTestServer,
  PASSWORD,
  testConfig,
  type TestServer,
  type Wishes,
} from "../support/test-server.ts";
import { openRawClient } from "./raw-client.ts";

/** docs/server.md#who-may-register */

let server: TestServer;
const open = async (wishes: Wishes) => (server = await openTestServer(wishes));
afterEach(() => server.close());

/** Makes an invitation through the running server, as the command does; resolves to its code. */
async function invite(more: Partial<NewInvite> = {}): Promise<string> {
  const code = newCode();
  const digest = digestOfCode(code);
  const made = {
    id: idOfDigest(digest),
    digest,
    tokens: null,
    uses: 1,
    expires: Date.now() + 60_000,
    ...more,
  };
  expect(await inviteInFolder(server.dir, { create: [made] }, () => {})).toEqual({ kind: "created" });
  return code;
}

async function register(username: string, code?: unknown, password = PASSWORD) {
  const reply = await server.post("/api/register/", { username, password, invite: code });
  const body = (await reply.json()) as { code?: string; tokens?: number };
  return reply.status === 201 ? [201, body.tokens] : [reply.status, body.code];
}

const uses = async () => {
  const reply = await inviteInFolder(server.dir, { list: 0 }, () => {});
  return "invites" in reply ? reply.invites.map(({ used }) => used) : reply;
};

describe("registration by invitation", () => {
  beforeEach(() => open({ registration: "invite", startingTokens: 700 }));

  test("needs a valid code, which case, spaces and dashes do not change", async () => {
    for (const none of [undefined, null, "", "  ", "ABCDE-ABCDE-ABCDE"])
      expect(await register("jane", none)).toEqual([403, "invalid_invite"]);
    const code = await invite({ uses: 3 });
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){2}$/);
    expect(await register("jane", code)).toEqual([201, 700]);
    expect(await register("joe", ` ${code.toLowerCase().replaceAll("-", " ")}\t`)).toEqual([201, 700]);
    const spoken = code.replaceAll("-", "").replaceAll("0", "o").replaceAll("1", "l");
    expect(await register("jim", spoken)).toEqual([201, 700]);
    expect(await register("john", code)).toEqual([403, "invalid_invite"]);
  });

  test("gives the tokens of the invitation instead of the starting tokens, also none", async () => {
    expect(await register("jane", await invite({ tokens: 9000 }))).toEqual([201, 9000]);
    expect(await register("joe", await invite({ tokens: 0 }))).toEqual([201, 0]);
  });

  test("makes one account of twenty at once on one use", async () => {
    const code = await invite();
    const told = await Promise.all(Array.from({ length: 20 }, (_, at) => register(`user${at}`, code)));
    expect(told.filter(([status]) => status === 201)).toHaveLength(1);
    expect(told.filter(([, what]) => what === "invalid_invite")).toHaveLength(19);
    const logins = await Promise.all(
      told.map((_, at) => server.post("/api/login/", { username: `user${at}`, password: PASSWORD })),
    );
    expect(logins.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await uses()).toEqual([1]);
  });

  test("checks the fields, then the invitation, then the name, and only a 201 takes a use", async () => {
    const code = await invite({ uses: 2 });
    expect(await register("jane", code)).toEqual([201, 700]);
    expect(await register("no spaces", "wrong")).toEqual([400, "invalid_request"]);
    expect(await register("joe", code, "short")).toEqual([400, "invalid_request"]);
    expect(await register("joe", 5)).toEqual([400, "invalid_request"]);
    expect(await register("jane", "wrong")).toEqual([403, "invalid_invite"]);
    expect(await register("JANE", code)).toEqual([409, "username_taken"]);
    expect(await uses()).toEqual([1]);
  });

  test("takes no code that has expired or was revoked", async () => {
    const [old, revoked] = [await invite({ expires: Date.now() - 1 }), await invite()];
    const digest = digestOfCode(revoked);
    await inviteInFolder(server.dir, { revoke: { id: "", digest } }, () => {});
    for (const code of [old, revoked]) expect(await register("jane", code)).toEqual([403, "invalid_invite"]);
  });

  test("is told by GET /api/, and no code is in the log", async () => {
    const code = await invite();
    await register("jane", code);
    await register("joe", code);
    expect(await (await fetch(`${server.url}/api/`)).json()).toMatchObject({ registration: "invite" });
    expect(JSON.stringify(server.log)).not.toContain(code);
    expect(server.log.at(-2)).toMatchObject({ status: 403, code: "invalid_invite" });
  });
});

test("an open server needs no code; one that is sent has to be valid, and gives its tokens", async () => {
  await open({});
  expect(await register("jane")).toEqual([201, 4000]);
  expect(await register("joe", "wrong")).toEqual([403, "invalid_invite"]);
  expect(await register("joe", await invite({ tokens: 5 }))).toEqual([201, 5]);
});

test("a closed server makes no account, refuses before it reads the body, and goes on with the connection", async () => {
  await open({ registration: "closed" });
  const code = await invite();
  for (const body of [code, undefined, 5])
    expect(await register("jane", body)).toEqual([403, "registration_closed"]);
  const head = "POST /api/register/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
  const client = await openRawClient(server.port);
  client.send(`${head}Content-Length: 1\r\n\r\n`);
  expect(await client.until("registration_closed")).toMatch(/^HTTP\/1\.1 403 /);
  client.send("{GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  expect(await client.ended()).toMatch(/HTTP\/1\.1 200 /);
  expect(await uses()).toEqual([0]);
});

test("SIGHUP changes who may register", async () => {
  await open({});
  const change = (registration: "open" | "invite" | "closed") =>
    server.running.reload(testConfig(server.dir, { registration }));
  expect(await change("closed")).toEqual([]);
  expect(await register("jane")).toEqual([403, "registration_closed"]);
  expect(await change("invite")).toEqual([]);
  expect(await register("jane")).toEqual([403, "invalid_invite"]);
  expect(await register("jane", await invite())).toEqual([201, 4000]);
  expect(await change("open")).toEqual([]);
  expect(await register("joe")).toEqual([201, 4000]);
});

test("the operator is warned of an open server that others reach, at the start and when that begins", async () => {
  const host = "0.0.0.0";
  await open({ host, price: 150 });
  const warning = expect.stringContaining("each new account can ask 26 questions at your expense");
  expect(server.warnings).toEqual([warning]);
  const change = async (registration: "open" | "invite") => {
    const warn = (sentence: string) => void server.warnings.push(sentence);
    await server.running.reload(testConfig(server.dir, { host, price: 150, registration, warn }));
  };
  await change("open");
  await change("invite");
  expect(server.warnings).toEqual([warning]);
  await change("open");
  expect(server.warnings).toEqual([warning, warning]);
  await server.close();
  for (const quiet of [{}, { host, registration: "invite" }, { host, registration: "closed" }] as const) {
    await open(quiet);
    expect(server.warnings).toEqual([]);
    await server.close();
  }
});
