import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Option } from "../../../src/cli/argv/option.ts";
import { ofServer, options, secretsOfServer } from "../../../src/cli/argv/options.ts";
import { resolve } from "../../../src/cli/argv/resolve.ts";
import { chatBodyBytes } from "../../../src/protocol/chat-limits.ts";
import { CONTEXT_CHARACTERS } from "../../../src/protocol/limits.ts";
import { root } from "../../support/pages.ts";

const read = (name: string) => readFileSync(`${root}ops/${name}`, "utf8");

/** The numbers after this text in a file of ops/. */
const numbersAfter = (text: string, file: string) =>
  read(file)
    .split(text)
    .slice(1)
    .map((rest) => Number.parseInt(rest, 10));

/** Seconds that a server takes to stop, at most. */
const toStop = (delay = options.drainDelay.fallback, timeout = options.drainTimeout.fallback) =>
  delay + timeout;

test("every setting that is named exists", () => {
  const all: Option<unknown>[] = Object.values(options);
  const known = new Set(all.flatMap(({ env = [], envFile, flag }) => [...env, envFile, `--${flag}`]));
  known.add("AI_CHAT_CONFIG").add("--config");
  // Flags of other programs.
  const others =
    /^\s*# (certbot|docker) .*|: docker (build|compose) .*|npm ci .*|pg_isready.*|^(COPY|HEALTHCHECK) --.*/gm;
  const unknown = readdirSync(`${root}ops`).flatMap((name) => {
    if (name.endsWith(".md")) return [];
    const found =
      read(name)
        .replaceAll(others, "")
        .match(/\b(?:AI_CHAT|PG)[A-Z_]+|(?<!\S)--[a-z][a-z-]+/g) ?? [];
    return found.filter((word) => !known.has(word)).map((word) => `${name}: ${word}`);
  });
  expect(unknown).toEqual([]);
});

test.each(["config.json", "config-two.json"])("%s is a configuration file", (name) => {
  const etc = mkdtempSync(join(tmpdir(), "ai-chat-etc-"));
  onTestFinished(() => rmSync(etc, { recursive: true }));
  copyFileSync(`${root}ops/${name}`, join(etc, name));
  for (const secret of ["api-key", "pgpassword"]) writeFileSync(join(etc, secret), "secret\n");
  const env = { AI_CHAT_CONFIG: join(etc, name) };
  const asked = ["config", ...ofServer, ...secretsOfServer] as const;
  expect(resolve(asked, { flags: new Map(), env, setting: () => undefined }).complaints).toEqual([]);
});

describe("a server has time to stop", () => {
  const two = JSON.parse(read("config-two.json")) as { drain_delay: number; drain_timeout: number };

  test.each([
    ["ai-chat.service", "\nTimeoutStopSec=", toStop()],
    ["ai-chat@.service", "\nTimeoutStopSec=", toStop(two.drain_delay, two.drain_timeout)],
    ["compose.yml", "    stop_grace_period: ", toStop()],
  ])("by %s", (name, text, least) => {
    const [seconds] = numbersAfter(text, name);
    // One second more, in which the server still serves what comes on open connections.
    expect(seconds).toBeGreaterThan(least + 1);
  });

  test("by compose-postgres.yml, with the settings that it has", () => {
    const [, grace = 0] = numbersAfter("    stop_grace_period: ", "compose-postgres.yml");
    const [delay = 0] = numbersAfter('AI_CHAT_DRAIN_DELAY: "', "compose-postgres.yml");
    const [timeout = 0] = numbersAfter('AI_CHAT_DRAIN_TIMEOUT: "', "compose-postgres.yml");
    expect([delay, timeout]).toEqual([two.drain_delay, two.drain_timeout]);
    expect(grace).toBeGreaterThan(toStop(delay, timeout) + 1);
  });

  test("and each question has its time in a rolling restart", () => {
    expect(two.drain_timeout).toBeGreaterThan(options.questionTimeout.fallback);
    const [interval = 0] = numbersAfter("health_interval ", "Caddyfile-two");
    expect(two.drain_delay).toBeGreaterThan(2 * interval);
  });
});

test.each(["nginx.conf", "nginx-two.conf"])("%s waits for a question, and lets its body through", (name) => {
  expect(numbersAfter("proxy_read_timeout ", name)).toEqual([expect.any(Number)]);
  expect(numbersAfter("proxy_read_timeout ", name)[0]).toBeGreaterThan(options.questionTimeout.fallback);
  const [most = 0, buffer] = [
    ...numbersAfter("_max_body_size ", name),
    ...numbersAfter("_body_buffer_size ", name),
  ];
  expect(most * 2 ** 20).toBeGreaterThan(
    chatBodyBytes({ message: CONTEXT_CHARACTERS, context: CONTEXT_CHARACTERS }),
  );
  expect(buffer).toBe(most);
});

test.each(["Caddyfile", "Caddyfile-two"])("%s keeps idle connections for less than the server", (name) => {
  expect(numbersAfter("\tkeepalive ", name)).toEqual([expect.any(Number)]);
  expect(numbersAfter("\tkeepalive ", name)[0]).toBeLessThan(options.keepAlive.fallback);
});

test("both files for nginx have the same server for http and the same settings for https", () => {
  const settings = (name: string) =>
    read(name)
      .slice(read(name).indexOf("server {\n    listen 80;"))
      .split(/^ {4}(?:# A question.*|location \/ \{)\n(?!.*308)/m)[0];
  expect(settings("nginx-two.conf")).toBe(settings("nginx.conf"));
  expect(settings("nginx.conf")).toContain("proxy_read_timeout");
});

test("both units of a server may do the same", () => {
  const may = (name: string) => read(name).split("\n# What the program may do.")[1];
  expect(may("ai-chat@.service")).toBe(may("ai-chat.service"));
  expect(may("ai-chat.service")).toMatch(/\nProtectSystem=strict\n/);
});
