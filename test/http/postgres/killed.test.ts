import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { openForwardingProxy, type Again } from "../../support/forwarding-proxy.ts";
import { after, answer } from "../../support/openai-server.ts";
import { root } from "../../support/pages.ts";
import { openPlaces } from "../../support/postgres-places.ts";
import { ask, balance, openServers, tokenFrom, type Server } from "../../support/postgres-servers.ts";
import { balanced } from "../../support/postgres-store.ts";
import { noPostgres, skipped } from "../../support/postgres.ts";
import { openTcpProxy, type TcpProxy } from "../../support/tcp-proxy.ts";
import { gate } from "../wired-server.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

/** What nginx repeats at another server (docs/hosting.md#run-two-servers). */
function again(location: string): Again {
  // The last one: the server for http has a location of that name too.
  const block =
    readFileSync(`${root}ops/nginx-two.conf`, "utf8").split(`location ${location} {`).at(-1) ?? "";
  return new Set(/proxy_next_upstream ([^;]*);/.exec(block)?.[1]?.split(" "));
}
const rules = { withKey: again("@with_key"), withoutKey: again("/") };

describe.skipIf(noPostgres)(`two servers behind a proxy${skipped(noPostgres)}`, () => {
  const places = openPlaces();
  const servers = openServers(places);
  let one: Server;
  let two: Server;
  let toOne: TcpProxy;
  let first: string;
  let proxy: Server;
  beforeEach(async () => {
    [one, two] = (await servers.startMany(2)) as [Server, Server];
    toOne = await openTcpProxy(Number(new URL(one.url).port));
    first = toOne.through(one.url);
    const forwarding = await openForwardingProxy(
      () => [first, two.url],
      ({ headers }) => (headers["idempotency-key"] ? rules.withKey : rules.withoutKey),
    );
    proxy = { url: forwarding.url, running: one.running };
    places.closers.push(
      () => toOne.close(),
      () => forwarding.close(),
    );
  });

  it("charges a question once if its server is killed after the charge, and answers it if it has a key", async () => {
    const keys = [undefined, undefined, undefined, "a", "b", "c"];
    const tokens = await Promise.all(keys.map((_, index) => tokenFrom(two, `jane${index}`)));
    const release = gate();
    servers.upstream.respond(after(release.opened, answer("Hello.")));
    const asked = keys.map((key, index) => ask(proxy, tokens[index]!, key));
    await servers.upstream.arrived(keys.length);
    // Nothing of what is sent from now on arrives.
    toOne.deaden();
    release.open();
    const charged = async () =>
      (await places.place.query("SELECT 1 FROM chat_accounts WHERE tokens = 3900")).length;
    await vi.waitUntil(async () => (await charged()) === keys.length, { timeout: 150_000 });
    one.running.child.kill("SIGKILL");
    toOne.lead(undefined);
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses).toEqual([502, 502, 502, 200, 200, 200]);
    for (const token of tokens) expect(await balance(two, token)).toEqual({ tokens: 3900, held: 0 });
    expect(await balanced(places.place)).toBe(true);
  });

  it("charges a question without a key nothing if its server is killed before the charge", async () => {
    first = one.url;
    const token = await tokenFrom(two);
    servers.upstream.respond(after(new Promise(() => {}), answer("never")));
    const asked = ask(proxy, token);
    await servers.upstream.arrived(1);
    one.running.child.kill("SIGKILL");
    expect((await asked).status).toBe(502);
    expect((await balance(two, token)).tokens).toBe(4000);
    // The next one finds nobody at the first server.
    servers.upstream.respond(answer("Hello."));
    expect((await ask(proxy, token)).status).toBe(200);
    expect((await balance(two, token)).tokens).toBe(3900);
  });
});
