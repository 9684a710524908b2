import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { openPerson, type Person } from "../support/person.ts";
import { makeHome, runProgram, startProgram, type Home, type Running } from "../support/run-program.ts";

const noLimits = process.platform === "win32" ? "no ulimit on Windows" : undefined;

let home: Home;
beforeEach(async () => {
  home = await makeHome();
});
afterEach(() => home.remove());

async function start(fileLimit?: number): Promise<{ running: Running; url: string }> {
  const args = ["serve", "--port", "0", "--log", "json"];
  const running = await startProgram(args, { home, ...(fileLimit !== undefined && { fileLimit }) });
  onTestFinished(() => void running.child.kill("SIGKILL"));
  await running.sees("listening", "stderr");
  return { running, url: await urlOf() };
}

/** The address that the server wrote into its folder. */
const urlOf = async () => (await readFile(join(folder(), "address"), "utf8")).trim();
const folder = () => join(home.dir, "data", "ai-chat", "server");

async function stop({ child, ended }: Running) {
  child.kill("SIGTERM");
  return ended;
}

const charges = async () =>
  (await readFile(join(folder(), "ledger.jsonl"), "utf8")).split('"fact":"charge"').length - 1;

/** Asks plain and streamed questions in bursts until the full disk refuses one; returns the keys by outcome. */
async function askUntilFull(person: Person) {
  const [answered, refused]: [string[], string[]] = [[], []];
  const codes = new Set<string | undefined>();
  for (let burst = 0; refused.length === 0 && burst < 12; burst += 1) {
    const asked = Array.from({ length: 3 }, (_, at) => `k-${burst}-${at}`);
    const replies = await Promise.all(asked.map((key, at) => person.ask({ key, streamed: at % 2 === 1 })));
    for (const [at, reply] of replies.entries()) {
      if (reply.whole) answered.push(asked[at] ?? "");
      else {
        codes.add(reply.code);
        refused.push(asked[at] ?? "");
      }
    }
  }
  return { answered, refused, codes: [...codes] };
}

test.skipIf(noLimits)(
  `a server on a full disk charges nothing for refused questions, and keeps every answer that it sent${noLimits ? ` (skipped: ${noLimits})` : ""}`,
  async () => {
    const { running, url } = await start(6);
    const jane = await openPerson(url, "jane");
    const { answered, refused, codes } = await askUntilFull(jane);
    expect(codes).toEqual(["store_unavailable"]);
    expect(answered.length).toBeGreaterThan(0);
    expect(refused.length).toBeGreaterThan(0);

    expect(await jane.balance()).toEqual({ tokens: 4000 - 100 * answered.length, held: 0 });
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(await jane.ask({ key: "later", streamed: false })).toMatchObject({
      status: 503,
      code: "store_unavailable",
    });
    const granted = await runProgram(["grant", "jane", "1"], { home });
    expect(granted.code).toBe(1);
    expect(granted.stderr).toMatch(/The store cannot do this at the moment\.\n[^]* grant jane 1 --id \S+\n$/);
    // An answered key is replayed without a charge.
    expect(await jane.ask({ key: answered[0] ?? "", streamed: false })).toMatchObject({ replayed: true });
    const ended = await stop(running);
    expect(ended.code).toBe(0);
    expect(ended.stderr).toContain("EFBIG");
    expect(await charges()).toBe(answered.length);
    expect((await runProgram(["store", "check", folder()], { home })).code).toBe(0);

    const again = await start();
    const back = jane.at(again.url);
    expect((await fetch(`${again.url}/readyz`)).status).toBe(200);
    expect(await back.balance()).toEqual({ tokens: 4000 - 100 * answered.length, held: 0 });
    expect(await back.ask({ key: refused[0] ?? "", streamed: true })).toMatchObject({
      whole: true,
      replayed: false,
    });
    expect(await back.balance()).toEqual({ tokens: 3900 - 100 * answered.length, held: 0 });
    await stop(again.running);
  },
);
