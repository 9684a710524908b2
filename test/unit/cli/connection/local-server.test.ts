import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { openLocalServer } from "../../../../src/cli/connection/local-server.ts";
import { StartupError } from "../../../../src/server/core/startup-error.ts";
import { serve } from "../../../../src/server/serve.ts";
import { acquireLock } from "../../../../src/server/stores/json/lock.ts";
import { testConfig } from "../../../support/test-server.ts";

vi.mock("../../../../src/server/serve.ts", () => ({ serve: vi.fn<typeof serve>() }));

let dir: string;
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), "ai-chat-local-"))));
afterEach(() => rm(dir, { recursive: true, force: true }));

const open = () => openLocalServer(dir, testConfig(dir), new AbortController().signal);

it("starts where another process took the folder first and has already left it", async () => {
  vi.mocked(serve).mockImplementationOnce(async () => {
    const winner = await acquireLock(dir);
    const lost = await acquireLock(dir).catch((error: unknown) => error);
    await winner.release();
    throw lost;
  });
  const url = "http://127.0.0.1:1";
  const close = async () => {};
  vi.mocked(serve).mockResolvedValueOnce({
    url,
    address: url,
    metrics: undefined,
    store: dir,
    model: "demo",
    reason: "",
    byDefault: false,
    refill: undefined,
    inFlight: 0,
    answered: 0,
    aborted: 0,
    drainDelay: 0,
    leave: async () => {},
    reload: async () => [],
    close,
  });
  expect(await open()).toMatchObject({ url, started: { model: "demo" } });
});

it("fails at once for any other reason not to start", async () => {
  vi.mocked(serve).mockRejectedValueOnce(new StartupError("The ledger is damaged.", "Restore it."));
  await expect(open()).rejects.toThrow("The ledger is damaged.");
});
