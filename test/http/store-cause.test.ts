import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, test } from "vitest";
import { diskOn } from "../../src/server/stores/json/disk.ts";
import { openPlaces } from "../support/postgres-places.ts";
import { noPostgres, skipped } from "../support/postgres.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";
import { openTestServer, PASSWORD } from "../support/test-server.ts";
import { createFaultyFiles, systemError } from "../unit/server/stores/json/faulty-files.ts";
import { gate, openWiredServer } from "./wired-server.ts";

/** docs/monitoring.md#the-log */

const jane = { username: "jane", password: PASSWORD };

/** Sends requests to a server, and what it replied. */
function client(url: string, token: string) {
  const send = async (path: string, body?: object) => {
    const reply = await fetch(url + path, {
      ...(body && { method: "POST", body: JSON.stringify(body) }),
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
    });
    return { status: reply.status, text: await reply.text() };
  };
  return {
    ask: () => send("/api/chat/", { message: "Hello?" }),
    register: () => send("/api/register/", { ...jane, username: "june" }),
    login: () => send("/api/login/", jane),
    logout: () => send("/api/logout/", {}),
    balance: () => send("/api/token_balance/"),
    ready: () => send("/readyz"),
  };
}

type Sent = keyof ReturnType<typeof client>;

const causes = (log: Record<string, any>[]) =>
  log.flatMap(({ path, code, cause }) => (code === "store_unavailable" ? [[path, cause]] : []));

const provider = (answer: () => Promise<string>) => ({ model: "test", answer, close: async () => {} });

describe("every line of a request that a disk made fail has the cause", () => {
  const rows: [call: string, code: string][] = [
    ["write", "ENOSPC"],
    ["datasync", "EIO"],
    ["stat", "EIO"],
  ];
  test.each(rows)("%s: %s", async (broken, code) => {
    let fails = false;
    const files = createFaultyFiles(diskOn(0xef53), (call, file) =>
      fails && call === broken && file === "ledger.jsonl" ? systemError(code) : undefined,
    );
    const asked = gate();
    const answered = gate();
    const answer = async () => {
      asked.open();
      await answered.opened;
      return "Hello.";
    };
    const server = await openWiredServer({ provider: provider(answer), files });
    onTestFinished(() => server.close());
    const { ask, ...others } = client(server.url, server.token);
    const charge = ask();
    await asked.opened;
    fails = true;
    answered.open();
    const replies = [await charge, await ask()];
    for (const name of ["register", "logout", "ready"] as const) replies.push(await others[name]());
    for (const { status, text } of replies) {
      expect(status).toBe(503);
      expect(text).toContain("store_unavailable");
      expect(text).not.toContain(code);
    }
    const paths = ["/api/chat/", "/api/chat/", "/api/register/", "/api/logout/", "/readyz"];
    expect(causes(server.log)).toEqual(paths.map((path) => [path, `${code}: made by a test`]));
    fails = false;
  });
});

test("a ledger that another program changed is the cause", async () => {
  const server = await openTestServer();
  onTestFinished(() => server.close());
  const { register, ready } = client(server.url, await server.token("jane"));
  const path = join(server.dir, "ledger.jsonl");
  await writeFile(path, `${await readFile(path, "utf8")} `);
  for (const send of [register, register, ready]) expect((await send()).status).toBe(503);
  const why = expect.stringMatching(/^ledger\.jsonl has \d+ bytes instead of \d+$/) as unknown;
  expect(causes(server.log)).toEqual([
    ["/api/register/", why],
    ["/api/register/", why],
    ["/readyz", why],
  ]);
});

describe.skipIf(noPostgres)(`with Postgres${skipped(noPostgres)}`, () => {
  const places = openPlaces();

  it("the cause is what became of the connection", async () => {
    const wire = await openTcpProxy(places.cluster.port);
    const store = { kind: "postgres", url: wire.through(places.place.url), connections: 4 } as const;
    const server = await openTestServer({ store });
    onTestFinished(async () => {
      await server.close();
      await wire.close();
    });
    const send = client(server.url, await server.token("jane"));
    wire.lead(undefined);
    const names: Sent[] = ["ask", "login", "balance", "register", "ready"];
    const replies = await Promise.all(names.map((name) => send[name]()));
    for (const { status, text } of replies) {
      expect(status).toBe(503);
      expect(text).not.toMatch(/ECONN|terminated/);
    }
    const found = causes(server.log);
    const paths = ["/api/chat/", "/api/login/", "/api/register/", "/api/token_balance/", "/readyz"];
    expect(new Set(found.map(([path]) => path))).toEqual(new Set(paths));
    for (const [path, cause] of found) expect(cause, path).toMatch(/ECONN|terminated/);
  });
});
