import { randomUUID } from "node:crypto";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { deepEqual, equal, ok } from "node:assert/strict";
import { newAccounts } from "../../bench/support/load.js";
import { noPostgres, startPostgres } from "../../bench/support/postgres.js";
import { OURS } from "../../bench/support/programs.js";
import { startProxy } from "../../bench/support/proxies.js";
import { openAi } from "./ai.js";
import { check, Skipped, soon, until } from "./checks.js";
import { kill, logged, startServer } from "./servers.js";

/**
 * Checks the file for two servers on one Postgres: that of nginx or Caddy, over TLS.
 * @param {"nginx" | "caddy"} name
 * @param {string} program its path
 */
export async function checkTwoServers(name, program) {
  const file = name === "nginx" ? "nginx-two.conf" : "Caddyfile-two";
  const missing = await noPostgres();

  for (const withKey of [false, true]) {
    // Caddy repeats no question that was sent; its client does, under the same key.
    const again = withKey && name === "nginx";
    const sentence = `${file}: a question ${withKey ? "with" : "without"} a key is sent ${again ? "to the other server" : "once"} if its server is killed`;
    await check(sentence, async () => {
      if (missing !== undefined) throw new Skipped(missing);
      await killOne({ name, program, file, withKey, again });
    });
  }

  await check(`${file}: two servers are restarted under load, and no question is lost`, async () => {
    if (missing !== undefined) throw new Skipped(missing);
    const args = ["bench/restart.js", name, "--program", program, "--restarts", "2", "--parallel", "16"];
    const child = spawn(process.execPath, args, { cwd: OURS, stdio: ["ignore", "pipe", "pipe"] });
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (printed += chunk));
    const [code] = await once(child, "exit");
    equal(code, 0, printed);
  });
}

/** @param {{ name: "nginx" | "caddy", program: string, file: string, withKey: boolean, again: boolean }} options */
async function killOne({ name, program, file, withKey, again }) {
  const [ai, database] = [await openAi(), await startPostgres()];
  const store = { AI_CHAT_STORE: database.url };
  const servers = {
    one: await startServer({ ai: ai.url("one"), store }),
    two: await startServer({ ai: ai.url("two"), store }),
  };
  const portOf = (/** @type {"one" | "two"} */ which) => Number(new URL(servers[which].url).port);
  const proxy = await startProxy(name, {
    program,
    file,
    ports: { 8001: portOf("one"), 8002: portOf("two") },
  });
  const [account] = await newAccounts(servers.one.url, 1);
  const asking = proxy.dispatcher().request({
    origin: proxy.url,
    path: "/api/chat/",
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...account,
      ...(withKey && { "idempotency-key": randomUUID() }),
    },
    body: '{"message":"hang"}',
  });
  await until(() => ai.asked.length === 1, "the question");
  const killed = ai.asked[0]?.startsWith("one ") ? "one" : "two";
  const other = servers[killed === "one" ? "two" : "one"];
  await kill(servers[killed]);
  const { statusCode, body } = await soon(asking, "the reply");
  const text = await body.text();
  const came = () => logged(other).filter(({ path }) => path === "/api/chat/");
  if (again) {
    // The killed server's hold lasts until its deadline.
    equal(statusCode, 409, text);
    ok(text.includes("request_in_progress"), text);
    await until(() => came().length > 0, "the log");
  } else equal(statusCode, 502, text);
  await other.stop();
  equal(came().length, again ? 1 : 0);
  deepEqual(ai.asked, [`${killed} hang`]);
  await database.close();
}
