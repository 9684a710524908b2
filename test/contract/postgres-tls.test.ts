import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { StartupError } from "../../src/server/core/startup-error.ts";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { createAuthority } from "../support/certificate.ts";
import { openPlaces } from "../support/postgres-places.ts";
import { noOwnPostgres, skipped } from "../support/postgres.ts";
import { makeHome, runProgram, startProgram } from "../support/run-program.ts";

const SECRET = "hunter2secret";

describe.skipIf(noOwnPostgres)(
  `the way to a Postgres that has a certificate${skipped(noOwnPostgres)}`,
  () => {
    const [authority, stranger] = [createAuthority(), createAuthority()];
    const places = openPlaces({ tls: authority.issue("127.0.0.1") });
    const elsewhere = openPlaces({ tls: authority.issue("db.school.org") });
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "ai-chat-tls-"));
      await writeFile(join(folder, "authority.crt"), authority.cert);
      await writeFile(join(folder, "stranger.crt"), stranger.cert);
      await writeFile(join(folder, "empty.crt"), "");
      await writeFile(join(folder, "prose.txt"), "This is no certificate.\n");
    });
    afterAll(() => rm(folder, { recursive: true }));

    function url(options: Record<string, string>, { place } = places): string {
      const asked = new URL(place.url);
      asked.password = SECRET;
      for (const [name, value] of Object.entries(options))
        asked.searchParams.set(name, /^ssl(rootcert|cert|key)$/.test(name) ? join(folder, value) : value);
      return asked.href;
    }

    /** Whether the store's connections are encrypted, as the server sees them. */
    async function encrypted(options: Record<string, string>, of = places): Promise<unknown> {
      const store = await openPostgresStore({ url: url(options, of), warn: () => {} });
      try {
        expect(await store.ready()).toBe(true);
        const rows = await of.place.query<{ ssl: boolean }>(
          "SELECT DISTINCT s.ssl FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE a.application_name = $1 AND pid <> pg_backend_pid()",
          [of.place.name],
        );
        return rows.map(({ ssl }) => ssl);
      } finally {
        await store.close();
      }
    }

    const own = { sslrootcert: "authority.crt" };

    it.each<[string, Record<string, string>, boolean]>([
      ["no sslmode", {}, false],
      ["sslmode=disable", { sslmode: "disable" }, false],
      ["sslmode=no-verify", { sslmode: "no-verify" }, true],
      ["sslmode=prefer and its authority", { sslmode: "prefer", ...own }, true],
      ["sslmode=require and its authority", { sslmode: "require", ...own }, true],
      ["sslmode=verify-ca and its authority", { sslmode: "verify-ca", ...own }, true],
      ["sslmode=verify-full and its authority", { sslmode: "verify-full", ...own }, true],
      ["its authority alone", own, true],
      ["libpq's reading of require", { sslmode: "require", uselibpqcompat: "true" }, true],
    ])("%s: connected, encrypted %s", async (_, options, is) => {
      expect(await encrypted(options)).toEqual([is]);
    });

    it.each<[string, Record<string, string>]>([
      ["sslmode=prefer without its authority", { sslmode: "prefer" }],
      ["sslmode=require without its authority", { sslmode: "require" }],
      ["sslmode=verify-full without its authority", { sslmode: "verify-full" }],
      ["sslmode=require and another authority", { sslmode: "require", sslrootcert: "stranger.crt" }],
      ["sslmode=verify-full and another authority", { sslmode: "verify-full", sslrootcert: "stranger.crt" }],
      ["another authority alone", { sslrootcert: "stranger.crt" }],
      ["an empty file", { sslmode: "verify-full", sslrootcert: "empty.crt" }],
      ["a client certificate that is none", { ...own, sslcert: "prose.txt", sslkey: "prose.txt" }],
    ])("%s: refused at once with a message without the password", async (_, options) => {
      const refused: unknown = await encrypted(options).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(StartupError);
      expect((refused as StartupError).message).toMatch(/cannot be encrypted as requested/);
      expect((refused as StartupError).hint).toContain("sslrootcert=FILE");
      expect(inspect(refused, { depth: 9 })).not.toContain(SECRET);
    });

    it("refuses a certificate of another host with every sslmode that checks", async () => {
      for (const sslmode of ["prefer", "require", "verify-ca", "verify-full"])
        await expect(encrypted({ sslmode, ...own }, elsewhere)).rejects.toThrow(
          "cannot be encrypted as requested",
        );
      expect(await encrypted({ sslmode: "no-verify" }, elsewhere)).toEqual([true]);
    });

    it("accepts the authorities of NODE_EXTRA_CA_CERTS", async () => {
      const home = await makeHome();
      places.closers.push(() => home.remove());
      const env = { AI_CHAT_STORE: url({ sslmode: "verify-full" }) };
      const words = ["serve", "--port", "0"];
      const refused = await runProgram(words, { home, env });
      expect(refused).toMatchObject({ code: 1, stdout: "" });
      expect(refused.stderr).toContain("cannot be encrypted as requested");
      const running = await startProgram(words, {
        home,
        env: { ...env, NODE_EXTRA_CA_CERTS: join(folder, "authority.crt") },
      });
      await running.sees("Postgres database", "stderr");
      running.child.kill("SIGTERM");
      const { code, stderr, stdout } = await running.ended;
      expect(code).toBe(0);
      expect(refused.stderr + stderr + stdout).not.toContain(SECRET);
    });
  },
);
