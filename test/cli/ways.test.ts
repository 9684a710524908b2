import { writeFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { everyCommand, type SpoiledCommand } from "../support/exit-causes.ts";
import { createAuthority } from "../support/certificate.ts";
import { ownCertificate } from "../support/own-certificate.ts";
import { http, openRawServer, type RawServer } from "../support/raw-server.ts";
import { moveInto, runInside } from "../support/run-inside.ts";
import { makeHome, runProgram, type Home } from "../support/run-program.ts";

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((found) => found?.address === "::1");

let home: Home;
const open: RawServer[] = [];
beforeAll(async () => {
  home = await makeHome();
  moveInto(home, { AI_CHAT_PASSWORD: "correct horse", AI_CHAT_TOKEN: "tok" });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await home.remove();
});

const openServer: typeof openRawServer = async (...args) => {
  const server = await openRawServer(...args);
  open.push(server);
  return server;
};

const answer = http(200, { response: "Hello", tokens_deducted: 100, tokens: 7, token: "t" });
const program = (args: string[], env: Record<string, string> = {}) =>
  runProgram(args, { home, env: { AI_CHAT_TOKEN: "tok", AI_CHAT_PASSWORD: "correct horse", ...env } });

const words: Record<SpoiledCommand, string[]> = {
  ask: ["ask", "--no-stdin", "a private question"],
  balance: ["balance"],
  whoami: ["whoami"],
  usage: ["usage"],
  password: ["password", "--password-stdin"],
  login: ["login", "-u", "jane"],
  register: ["register", "-u", "jane"],
};
const isInside = (command: string) => command !== "password";

describe("a redirect", () => {
  const statuses = [301, 302, 303, 307, 308];

  test.each(statuses)(
    "%i within the same server is followed with the same method, body and token",
    async (status) => {
      const server = await openServer(({ url }) =>
        url.startsWith("/new/") ? answer : http(status, "", { location: `/new${url}` }),
      );
      expect(await program(["ask", "-s", server.url, "hi"])).toMatchObject({ code: 0, stdout: "Hello\n" });
      expect(server.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
        "POST /api/chat/",
        "POST /new/api/chat/",
      ]);
      const [first, second] = server.seen;
      expect(JSON.parse(first?.body ?? "")).toEqual({ message: "hi", token: "tok" });
      expect(second?.body).toBe(first?.body);
      expect(second?.heads).toEqual(first?.heads);
    },
  );

  test("is followed at most three times", async () => {
    const server = await openServer(({ url }) =>
      url.length < 30 ? http(307, "", { location: `/x${url}` }) : answer,
    );
    const steps = async (base: string) => {
      const { code } = await runInside([...words.balance, "-q", "-s", server.url + base]);
      return [code, server.seen.splice(0).length];
    };
    // "/api/token_balance/" has 19 characters, and each step adds two.
    expect(await steps("/12345")).toEqual([0, 4]);
    expect(await steps("/123")).toEqual([6, 4]);
  });

  const elsewhere = ["", "http://u:p@", "https://", "//"];
  test.each(everyCommand.flatMap((command) => elsewhere.map((way) => [command, way] as const)))(
    "of %s to another server (prefix %j) sends nothing there",
    async (command, way) => {
      const other = await openServer(() => answer);
      const there = way === "" ? other.url : `${way}127.0.0.1:${other.port}`;
      for (const status of isInside(command) ? statuses : [307]) {
        const server = await openServer(({ url }) => http(status, "", { location: `${there}/base${url}` }));
        const args = [...words[command], "-s", server.url];
        const ended = isInside(command)
          ? await runInside(args)
          : await runProgram(args, {
              home,
              env: { AI_CHAT_TOKEN: "tok" },
              stdin: { pipe: "correct horse\nbattery staple\n" },
            });
        expect(ended).toMatchObject({ code: 6, stdout: "" });
        const moved = `http${way === "https://" ? "s" : ""}://127.0.0.1:${other.port}/base`;
        expect(ended.stderr).toMatch(
          new RegExp(`The server moved to ${moved}[^\n]*\nuse --server ${moved}\n$`),
        );
        expect(server.seen).toHaveLength(1);
      }
      expect(other.seen).toEqual([]);
    },
  );

  test("to the same port under another host name counts as another server", async () => {
    const server: RawServer = await openServer(({ url }) =>
      http(307, "", { location: `http://localhost:${server.port}${url}` }),
    );
    expect((await program(["login", "-u", "jane", "-s", server.url])).code).toBe(6);
    expect(server.seen).toHaveLength(1);
  });
});

describe("TLS", () => {
  test("a self-signed certificate is trusted only through NODE_EXTRA_CA_CERTS, and nothing is sent without trust", async () => {
    const server = await openServer(() => answer, { tls: ownCertificate });
    const distrusted = await program(["ask", "-s", server.url, "hi"]);
    expect(distrusted).toMatchObject({ code: 6, stdout: "" });
    expect(distrusted.stderr).toMatch(/is not trusted: .*\n.*NODE_EXTRA_CA_CERTS/);
    expect(server.seen).toEqual([]);
    const authority = join(home.dir, "authority.pem");
    await writeFile(authority, ownCertificate.cert);
    const env = { NODE_EXTRA_CA_CERTS: authority };
    expect(await program(["ask", "-s", server.url, "hi"], env)).toMatchObject({ code: 0, stdout: "Hello\n" });
    expect(server.seen).toHaveLength(1);
    await writeFile(authority, createAuthority().cert);
    const other = await program(["balance", "-s", server.url], env);
    expect(other.stderr).toMatch(/is not trusted: .*\n.*whether the file in NODE_EXTRA_CA_CERTS has/);
  });

  test("a certificate for another name is refused, and nothing is sent", async () => {
    const authority = createAuthority();
    await writeFile(join(home.dir, "authority.pem"), authority.cert);
    const server = await openServer(() => answer, { tls: authority.issue("127.0.0.2") });
    const env = { NODE_EXTRA_CA_CERTS: join(home.dir, "authority.pem") };
    const { code, stderr } = await program(["ask", "-s", server.url, "hi"], env);
    expect(code).toBe(6);
    expect(stderr).toMatch(
      /The certificate of .* is for another name\.\n.*Use a name that the certificate has/,
    );
    expect(server.seen).toEqual([]);
  });
});

describe("an address", () => {
  test.skipIf(!hasIpv6)("may be IPv6, with or without a scheme", async () => {
    const server = await openServer(() => answer, { host: "::1" });
    expect((await program(["balance", "-q", "-s", server.url])).stdout).toBe("7\n");
    expect((await program(["balance", "-q", "-s", `[::1]:${server.port}`])).stdout).toBe("7\n");
    expect(server.seen.map((request) => request.header("host"))).toEqual(
      Array.from({ length: 2 }, () => `[::1]:${server.port}`),
    );
  });

  const ways: [typed: (port: number) => string, base: string, name: string][] = [
    [(port) => `127.0.0.1:${port}`, "", "127.0.0.1"],
    [(port) => `localhost:${port}`, "", "localhost"],
    [(port) => `LOCALHOST:${port}/`, "", "localhost"],
    [(port) => `HTTP://127.0.0.1:${port}/Base//`, "/Base", "127.0.0.1"],
    [(port) => `http://127.0.0.1:${port}/a%20b/ä`, "/a%20b/%C3%A4", "127.0.0.1"],
  ];
  test.each(ways)("%s sends requests below the path %j", async (typed, base, name) => {
    const server = await openServer(() => answer);
    const document = (await program(["login", "-u", "jane", "--json", "-s", typed(server.port)])).stdout;
    expect(JSON.parse(document)).toMatchObject({
      server: `http://${name}:${server.port}${base}`,
      username: "jane",
    });
    expect(server.seen.map(({ url }) => url)).toEqual([`${base}/api/login/`, `${base}/api/token_balance/`]);
  });

  test("without a scheme gets https unless it is loopback, loses a default port, and has its international name in ASCII", async () => {
    const asked: string[] = [];
    const proxy = await openServer(({ method, url }) => {
      asked.push(`${method} ${url}`);
      return http(502);
    });
    const env = { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url };
    for (const server of [
      "chat.example",
      "Chat.Example:443",
      "http://chat.example:80",
      "https://bücher.example",
    ])
      await program(["balance", "-s", server], env);
    expect(asked).toEqual([
      "CONNECT chat.example:443",
      "CONNECT chat.example:443",
      "GET http://chat.example/api/token_balance/",
      "CONNECT xn--bcher-kva.example:443",
    ]);
  });
});
