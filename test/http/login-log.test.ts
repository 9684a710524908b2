import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Writable } from "node:stream";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { root } from "../support/pages.ts";
import { PASSWORD, openTestServer } from "../support/test-server.ts";

/** The expressions of the filter in the documentation, with `<SUBNET>` as fail2ban 1.0 reads it, roughly. */
async function failregex(): Promise<RegExp[]> {
  const page = await readFile(join(root, "docs/server.md"), "utf8");
  const [, block = ""] = /failregex = ([^]*?)\n```/.exec(page) ?? [];
  return block
    .split("\n")
    .map(
      (line) =>
        new RegExp(
          line
            .trim()
            .replace("<SUBNET>", String.raw`\[?(?<host>(?:\d{1,3}\.){3}\d{1,3}|[\da-f:]{3,})(?:/\d+)?\]?`),
        ),
    );
}

/** Lines of a log in which these clients sent wrong passwords, and others did other things. */
async function attacked(form: "json" | "pretty") {
  let text = "";
  const logStream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const limitLogin = { count: 2, seconds: 900 };
  const server = await openTestServer({ log: form, logStream, trustProxy: 1, limitLogin });
  onTestFinished(() => server.close());
  const token = await server.token("jane");
  const send = (path: string, body: object, address: string, headers = {}) =>
    server.post(path, body, { "X-Forwarded-For": address, ...headers });
  const authorized = { Authorization: `Bearer ${token}` };
  const wrong = (username: string) => ({ username, password: "not-her-password" });
  await send("/api/login/", wrong("jane"), "192.0.2.1");
  await send("/api/login", wrong("never-logged"), "192.0.2.2");
  await send(
    "/api/password/",
    { password: "not-her-password", new_password: PASSWORD },
    "192.0.2.3",
    authorized,
  );
  for (let time = 0; time < 3; time += 1) await send("/api/login/", wrong("JANE"), "2001:db8:0:1::5");
  // Innocent, or somebody who would have an innocent address banned.
  await send("/api/login/", { username: "jane", password: PASSWORD }, "198.51.100.1");
  await send("/api/password/", { password: PASSWORD, new_password: PASSWORD }, "198.51.100.2");
  await send("/api/login/", {}, "198.51.100.3");
  await send('/api/login/%20","address":"198.51.100.4","code":"invalid_credentials"', {}, "198.51.100.5");
  await send("/api/login/401 POST /api/login 1 ms 198.51.100.6 invalid_credentials x", {}, "198.51.100.7", {
    "X-Request-Id": "invalid_credentials",
  });
  const lines = () => text.split("\n").slice(0, -1);
  await vi.waitUntil(() => lines().some((line) => line.includes("198.51.100.7")), { timeout: 45_000 });
  return { text: () => text, lines };
}

describe.each(["json", "pretty"] as const)("the log (%s)", (form) => {
  test("gives the filter for fail2ban in the documentation each failed login and nothing else", async () => {
    const { lines } = await attacked(form);
    const filter = await failregex();
    expect(filter).toHaveLength(2);
    const ipv6 = Array(3).fill("2001:db8:0:1::");
    const wanted = ["192.0.2.1", "192.0.2.2", "192.0.2.3", ...ipv6];
    for (const prefix of ["", "host ai-chat[4711]: "]) {
      const hosts = lines().flatMap((line) => {
        const groups = filter.map((each) => each.exec(prefix + line)?.groups).find(Boolean);
        return groups === undefined ? [] : [groups.host];
      });
      expect(hosts).toEqual(wanted);
    }
  });

  test("names the account of a failed login if it exists, and never an unknown name", async () => {
    const { lines, text } = await attacked(form);
    expect(text()).not.toContain("never-logged");
    expect(text()).not.toContain("not-her-password");
    const failed = lines().filter((line) => line.includes("192.0.2.1"));
    expect(failed).toEqual([expect.stringContaining("jane")]);
  });

  test("warns at once of a limit that is reached, in the same words", async () => {
    const { lines } = await attacked(form);
    const warnings = lines().filter((line) => line.includes("warn"));
    expect(warnings).toEqual([
      expect.stringContaining("The limit login refused a request from 2001:db8:0:1::/64."),
    ]);
  });
});
