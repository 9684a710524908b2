import { once } from "node:events";
import { rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createAuthority } from "../../../support/certificate.ts";
import { makeHome, runProgram, startProgram, type Home } from "../../../support/run-program.ts";

/** docs/server.md#tls */

const authority = createAuthority();
const [first, second] = [authority.issue("127.0.0.1"), authority.issue("127.0.0.1")];

let home: Home;
beforeEach(async () => {
  home = await makeHome();
  await writeFile(at("authority.crt"), authority.cert);
  await writeFile(at("first.crt"), first.cert);
  await writeFile(at("second.crt"), second.cert);
  await writeFile(at("key"), first.key);
  await symlink("first.crt", at("cert"));
  // Paths count from the folder of the file.
  const content = { data: "store", port: 0, log: "json", tls_cert: "cert", tls_key: "key" };
  await writeFile(at("chat.json"), JSON.stringify(content));
});
afterEach(() => home.remove());

const at = (name: string) => join(home.dir, name);
const run = (args: string[], env: Record<string, string> = {}) =>
  runProgram(args, { home, env: { AI_CHAT_PASSWORD: "correct horse", ...env } });

/** A server by the file, and its URL. */
async function start(...args: string[]) {
  const server = await startProgram(["serve", "--config", at("chat.json"), "--json", ...args], { home });
  const [told] = (await once(server.child.stdout!, "data")) as [string];
  return { ...server, url: (JSON.parse(told) as { url: string }).url };
}

/** The certificate of a new connection, in PEM. */
async function served(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), ca: authority.cert });
  await once(socket, "secureConnect");
  const cert = socket.getPeerX509Certificate()?.toString() ?? "";
  socket.destroy();
  return cert;
}

/** The level and the text of each line of the log. */
const logOf = (stderr: string) =>
  stderr
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { level: string; msg: string })
    .map(({ level, msg }) => `${level} ${msg}`);

test("a client that trusts the authority asks over TLS, and local needs no trust", async () => {
  const server = await start();
  expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  const trust = { NODE_EXTRA_CA_CERTS: at("authority.crt") };
  expect(await run(["register", "-u", "jane", "-s", server.url], trust)).toMatchObject({ code: 0 });
  expect(await run(["ask", "-s", server.url, "hello"], trust)).toMatchObject({ code: 0 });
  const local = { AI_CHAT_CONFIG: at("chat.json") };
  expect(await run(["login", "-u", "jane", "-s", "local"], local)).toMatchObject({ code: 0 });
  const { stdout } = await run(["balance", "-s", "local", "--json"], local);
  expect(JSON.parse(stdout)).toMatchObject({ tokens: 3900 });
  server.child.kill("SIGTERM");
  expect((await server.ended).code).toBe(0);
  // Without that server, local starts its own, which has no TLS.
  expect(await run(["balance", "-s", "local"], local)).toMatchObject({ code: 0 });
});

test("a renewed certificate behind a link is taken within seconds, and a pair that does not fit is told", async () => {
  const server = await start();
  expect(await served(server.url)).toBe(first.cert);
  await symlink("second.crt", at("cert.new"));
  await rename(at("cert.new"), at("cert"));
  await server.sees("does not belong to the certificate", "stderr");
  expect(await served(server.url)).toBe(first.cert);
  await writeFile(at("key"), second.key);
  await server.sees("The certificate was read again. It is valid until", "stderr");
  expect(await served(server.url)).toBe(second.cert);
  await writeFile(at("key"), first.key);
  server.child.kill("SIGHUP");
  await server.sees("The configuration was read again, and nothing has changed: The key", "stderr");
  server.child.kill("SIGTERM");
  const log = logOf((await server.ended).stderr);
  expect(log.filter((line) => line.includes("does not belong"))[0]).toMatch(
    /^warn The key .*key does not belong to the certificate .*cert\. The previous certificate stays in use\.$/,
  );
});

test("a server that other machines reach without TLS warns, one with TLS does not", async () => {
  const secure = await start("--host", "0.0.0.0");
  secure.child.kill("SIGTERM");
  expect((await secure.ended).stderr).not.toContain("unencrypted");
  const args = ["serve", "--port", "0", "--host", "0.0.0.0", "--log", "json"];
  const plain = await startProgram(args, { home });
  await plain.sees("Passwords and tokens travel unencrypted", "stderr");
  plain.child.kill("SIGTERM");
  const [warning] = logOf((await plain.ended).stderr).filter((line) => line.includes("unencrypted"));
  expect(warning).toMatch(/^warn .*--tls-cert and --tls-key/);
});

test("--check reads the pair: exit 2 if it does not fit", async () => {
  const check = ["serve", "--config", at("chat.json"), "--check"];
  expect(await run(check)).toMatchObject({ code: 0 });
  await writeFile(at("key"), second.key);
  const { code, stderr } = await run(check);
  expect(code).toBe(2);
  expect(stderr).toMatch(/The key .* does not belong to the certificate/);
});

test("one file without the other, and the content in place of a path, are refused: exit 2", async () => {
  const alone = await run(["serve", "--tls-cert", at("cert")]);
  expect(alone).toMatchObject({ code: 2, stdout: "" });
  expect(alone.stderr).toContain("--tls-cert is set without --tls-key.");
  const content = await run(["serve"], { AI_CHAT_TLS_CERT: at("cert"), AI_CHAT_TLS_KEY: first.key });
  expect(content).toMatchObject({ code: 2, stdout: "" });
  expect(content.stderr).toContain("AI_CHAT_TLS_KEY must be the path of a file, not its content.");
  expect(content.stderr).not.toContain("BEGIN");
});
