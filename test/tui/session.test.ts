import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TICK_MS } from "../../src/tui/app/working.ts";
import { beginStream, openChatServer, refuse, sendEvent, streamAnswer } from "../support/chat-server.ts";
import { answer, openFakeOpenAi } from "../support/openai-server.ts";
import type { SmallServer } from "../support/others-server.ts";
import { makeHome, preload, runProgram, type Home } from "../support/run-program.ts";
import { openSession, type SessionOptions } from "./open-session.ts";

let home: Home;
let server: SmallServer | undefined;
const open: ReturnType<typeof openSession>[] = [];

beforeEach(async () => void (home = await makeHome()));
afterEach(async () => {
  for (const session of open.splice(0)) await session.end();
  await server?.close();
  server = undefined;
  await home.remove();
});

function session(options: Omit<SessionOptions, "home"> = {}) {
  const opened = openSession({ home, ...options });
  open.push(opened);
  return opened;
}

/** Opens a session at a server that answers with `onChat`; resolves when it is ready for a question. */
async function talk(
  onChat: (response: ServerResponse, message: string) => void | Promise<void>,
  options: Omit<SessionOptions, "home"> = {},
) {
  server ??= await openChatServer((response, seen) =>
    onChat(response, (JSON.parse(seen.body) as { message: string }).message),
  );
  const { url } = server;
  const opened = session({ ...options, args: ["-s", url, ...(options.args ?? [])] });
  await opened.sees("3,900 tokens");
  return opened;
}

const questions = () =>
  (server?.seen ?? [])
    .filter(({ url }) => url === "/api/chat/")
    .map(({ body }) => (JSON.parse(body) as { message: string }).message);

function createGate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** Until a text is in the draft of a session on disk: the screen can show it before. */
async function keptInDraft({ programPid }: ReturnType<typeof openSession>, text: string): Promise<void> {
  const draft = join(home.dir, "state", "ai-chat", `draft-${await programPid()}.json`);
  await vi.waitFor(async () => expect(await readFile(draft, "utf8")).toContain(text), { timeout: 60_000 });
}

const echo = (response: ServerResponse, message: string) => streamAnswer(response, [`You said: ${message}`]);

describe("the session, from the first run on", () => {
  it("registers, answers, prints the cost and the command to resume; -r resumes, and /compact sums up", async () => {
    const first = session({ args: ["-s", "local"], env: { AI_CHAT_TOKEN: "" } });
    await first.sees("I'm new: register");
    first.type("\r");
    await first.sees("Username:");
    first.type("jane\r");
    await first.sees("Password:");
    first.type("correct horse\r");
    await first.sees("once more");
    first.type("correct horse\r");
    await first.sees("Welcome, jane");
    first.type("What is Rome?\r");
    await first.sees(/100 tokens · \d+ s/);
    first.type("\u0004");
    await first.sees(/To go on: .*-r [a-z0-9]{8}/);
    expect(await first.ended()).toEqual({ code: 0, isRestored: true });
    expect(first.output()).not.toContain("correct horse");

    const second = session({ args: ["-r"], env: { AI_CHAT_TOKEN: "" } });
    await second.sees("Type to filter");
    second.type("rome\r");
    await second.sees("Going on with: What is Rome?");
    await second.sees(/^ {2}What is Rome\?$/);
    second.type("\u001b[A");
    second.type("\r");
    await second.sees("I remember 1 earlier question");
    await second.sees(/100 tokens · \d+ s/);
    second.type("/compact\r");
    await second.sees("This sums up 2 turns, for 100 tokens. Enter again does it.");
    second.type("\r");
    await second.sees("The AI reads this instead of 2 turns; they stay saved.");
    second.type("\u0004");
    expect(await second.ended()).toEqual({ code: 0, isRestored: true });
  });

  it("makes the server that it was opened with the default after a login, if none is set, and says so", async () => {
    server = await openChatServer((response) => streamAnswer(response, ["Yes"]));
    const { url } = server;
    const first = session({ args: ["-s", url], env: { AI_CHAT_TOKEN: "" } });
    await first.sees("I'm new: register");
    first.type("2");
    await first.sees("Username:");
    first.type("jane\r");
    await first.sees("Password of jane:");
    first.type("correct horse\r");
    await first.sees("Your default server is now");
    first.type("\u0004");
    await first.ended();
    const { stdout } = await runProgram(["config", "get", "server"], { home });
    expect(stdout.trim()).toBe(url);
  });

  it("sends the question that Esc Esc brings back, and saves only that turn", async () => {
    const terminal = await talk(echo);
    terminal.type("tow\r");
    await terminal.sees("You said: tow");
    await terminal.sees(/100 tokens · \d+ s/);
    terminal.type("\u001b\u001b");
    await terminal.sees("Asks this instead");
    terminal.type("\u007f\u007f\u007ftwo\r");
    await terminal.sees("You said: two");
    terminal.type("\u0004");
    await terminal.ended();
    const again = await talk(echo, { args: ["-c"] });
    await again.sees("Going on with");
    const text = await again.text();
    expect(text).toContain("  two");
    expect(text).not.toContain("  tow");
  });

  it("opens the editor with the typed text by a key of the user's own, and takes the edited text; /role edit makes a role", async () => {
    await mkdir(join(home.dir, "config", "ai-chat"), { recursive: true, mode: 0o700 });
    const keys = { "Ctrl-O": "open-editor", "Ctrl-G": null, "Ctrl-I": "undo" };
    await writeFile(join(home.dir, "config", "ai-chat", "keys.json"), JSON.stringify(keys));
    const script = join(home.dir, "editor.mjs");
    await writeFile(
      script,
      `import { readFileSync, writeFileSync } from "node:fs";
       const file = process.argv[2];
       const text = readFileSync(file, "utf8");
       writeFileSync(file, file.endsWith("pirate.md") ? "Talk like a pirate." : text + " and edited\\n");`,
    );
    const terminal = await talk(echo, { env: { EDITOR: `${process.execPath} ${script}` } });
    await terminal.sees('"Ctrl-I" is Tab to a terminal: name that.');
    terminal.type("typed\u0007\u000f");
    await terminal.sees("typed and edited");
    terminal.type("\r");
    await terminal.sees("You said: typed and edited");
    expect(questions()).toEqual(["typed and edited"]);
    const enter = async (text: string) => {
      terminal.type(text);
      await terminal.sees(text);
      terminal.type("\r");
    };
    await terminal.sees("100 tokens");
    await enter("/role edit pirate");
    await terminal.sees("/role pirate takes it.");
    expect((await stat(join(home.dir, "config/ai-chat/roles/pirate.md"))).mode & 0o777).toBe(0o600);
    await enter("/role pirate");
    await terminal.sees("as pirate");
    await mkdir(join(home.dir, "config/ai-chat/prompts"));
    await writeFile(join(home.dir, "config/ai-chat/prompts/sum.md"), "Sum up: $ARGUMENTS");
    await enter("/sum this");
    // A command can print its words a moment before it ends, and until then nothing is sent.
    await vi.waitFor(
      async () => {
        terminal.type("\r");
        expect((await terminal.text()).join("\n")).toContain("You said: Sum up: this");
      },
      { timeout: 60_000, interval: 500 },
    );
    await terminal.sees("This server takes no instructions: the role pirate can't be sent.");
    terminal.type("\u0004");
    expect(await terminal.ended()).toEqual({ code: 0, isRestored: true });
  });

  it("restores the draft of a killed session, with its file, which is read when it is sent", async () => {
    const file = join(home.dir, "notes.txt");
    await writeFile(file, "one\n");
    const terminal = await talk(echo);
    terminal.type("half a question on ");
    await terminal.sees("> half a question on");
    terminal.type("@");
    await terminal.sees("> half a question on @");
    terminal.type(file.slice(0, -2));
    // While names are found for what was typed last, the key only opens the menu.
    await vi.waitFor(
      async () => {
        terminal.type("\t");
        expect((await terminal.text()).join("\n")).toContain(`> half a question on [${file} 1 line]`);
      },
      { timeout: 60_000, interval: 200 },
    );
    await keptInDraft(terminal, file);
    process.kill(await terminal.programPid(), "SIGKILL");
    await terminal.ended();
    const again = await talk(echo);
    await again.sees(`> half a question on [${file} 1 line]`);
    await writeFile(file, "one\ntwo\n");
    again.type("\r");
    await again.sees("You said: half a question");
    expect(questions()).toEqual([`half a question on @${file}\n\n\`\`\`${file}\none\ntwo\n\`\`\``]);
    await vi.waitFor(
      async () => expect((await readdir(join(home.dir, "state", "ai-chat"))).join()).not.toContain("draft-"),
      {
        timeout: 60_000,
      },
    );
  });

  it("shows a paste of 500 lines as one line, and sends it complete", async () => {
    const terminal = await talk((response, message) =>
      streamAnswer(response, [`It has ${message.split("\n").length} lines.`]),
    );
    const lines = Array.from({ length: 500 }, (_, i) => `pasted ${i + 1}`);
    terminal.type(`\u001b[200~${lines.join("\r")}\u001b[201~`);
    await terminal.sees("500 lines");
    expect(questions()).toEqual([]);
    terminal.type("\r");
    await terminal.sees("It has 500 lines.");
    expect(questions()).toEqual([lines.join("\n")]);
  });
});

describe("an answer of 2,000 lines", () => {
  const line = (n: number) => (n % 10 === 0 ? `[${n}] ${"more words ".repeat(9)}end` : `[${n}] words`);
  const LAST = 2_000;

  /** Streams the lines, a few at a time; pauses before each of `holds` until `release`. */
  function stream(holds: readonly number[] = []) {
    const gates = new Map(holds.map((at) => [at, createGate()]));
    const onChat = async (response: ServerResponse) => {
      beginStream(response);
      let text = "";
      for (let n = 1; n <= LAST; n += 1) {
        text += `${line(n)}\n\n`;
        const gate = gates.get(n);
        if (n % 7 !== 0 && n !== LAST && gate === undefined) continue;
        // A line is complete only when more text follows it.
        sendEvent(response, "delta", { text: gate === undefined ? text : `${text}held ${n}\n\n` });
        text = "";
        await gate?.opened;
        await new Promise((resolve) => setTimeout(resolve, 4));
      }
      sendEvent(response, "done", { response: "", tokens_deducted: 100, tokens_remaining: 3800 });
      response.end();
    };
    return { onChat, release: (at: number) => gates.get(at)?.open() };
  }

  const numbers = async (terminal: ReturnType<typeof openSession>) =>
    (await terminal.text()).flatMap((text) => {
      const found = /^\[(\d+)\]/.exec(text);
      return found === null ? [] : [Number(found[1])];
    });
  const all = Array.from({ length: LAST }, (_, i) => i + 1);

  it.each([
    [80, 24],
    [40, 10],
  ])(
    "is in the scrollback completely and once at %i by %i, which is never cleared",
    async (columns, rows) => {
      const { onChat } = stream();
      const terminal = await talk(onChat, { columns, rows });
      terminal.type("go\r");
      await terminal.sees(/100 tokens · \d+ s/);
      expect(await numbers(terminal)).toEqual(all);
      expect(terminal.output()).not.toContain("\u001b[3J");
      terminal.type("\u0004");
      expect(await terminal.ended()).toEqual({ code: 0, isRestored: true });
      expect(await numbers(terminal)).toEqual(all);
    },
  );

  it("loses and repeats no line while the window gets narrower and wider", async () => {
    const sizes = new Map([
      [300, 60],
      [600, 40],
      [900, 100],
      [1200, 50],
      [1500, 80],
    ]);
    const { onChat, release } = stream([...sizes.keys()]);
    // The stream pauses at each resize: a frame that is already sent when the terminal reflows has the old width, and
    // no program can revoke it. The spinner stops for the same reason.
    const env = await preload(
      home,
      `const { setInterval } = globalThis;
       globalThis.setInterval = (tick, ms) => setInterval(tick, ms === ${TICK_MS} ? 2 ** 30 : ms);`,
    );
    const terminal = await talk(onChat, { columns: 80, rows: 24, env });
    terminal.type("go\r");
    for (const [at, columns] of sizes) {
      await terminal.sees(`held ${at}`);
      await terminal.resize(columns, 24);
      release(at);
    }
    await terminal.sees(/100 tokens · \d+ s/);
    expect(await numbers(terminal)).toEqual(all);
    expect(terminal.output()).not.toContain("\u001b[3J");
  });

  it("loses no line while the window gets shorter and taller again", async () => {
    const { onChat, release } = stream([500, 1000, 1500]);
    const terminal = await talk(onChat, { columns: 80, rows: 24 });
    terminal.type("go\r");
    for (const [at, rows] of [
      [500, 8],
      [1000, 4],
      [1500, 30],
    ] as const) {
      await terminal.sees(`held ${at}`);
      await terminal.resize(80, rows);
      release(at);
    }
    await terminal.sees(/100 tokens · \d+ s/);
    expect([...new Set(await numbers(terminal))]).toEqual(all);
    expect(terminal.output()).not.toContain("\u001b[3J");
  });
});

describe("ending the session", () => {
  const never = () => new Promise<void>(() => undefined);

  it("by Ctrl-C needs one to stop the answer, one to clear the line, and two to leave", async () => {
    const terminal = await talk(async (response, message) => {
      if (message === "waits") return never();
      beginStream(response);
      sendEvent(response, "delta", { text: "Some words\n\nand more" });
      return never();
    });
    terminal.type("waits\r");
    await terminal.sees("waiting");
    terminal.type("\u0003");
    await terminal.sees(/^stopped · /);
    // Once above as the question, once back in the composer.
    await terminal.onScreen(/^> waits$/, 1);
    terminal.type("\u0003");
    await terminal.onScreen("> Ask, or type /");
    terminal.type("streams\r");
    await terminal.sees("and more");
    terminal.type("\u0003");
    await terminal.sees(/^stopped · /, 2);
    await terminal.offScreen("asking what it cost");
    terminal.type("\u0003");
    await terminal.onScreen("Press Ctrl-C again to leave.");
    // The hint has expired: two more are needed, sent together.
    await terminal.offScreen("Press Ctrl-C again to leave.");
    terminal.type("\u0003\u0003");
    expect(await terminal.ended()).toEqual({ code: 0, isRestored: true });
  });

  it.each(["SIGTERM", "SIGHUP"] as const)(
    "by %s during an answer restores the terminal, and keeps the text so far and the typed text",
    async (signal) => {
      const terminal = await talk((response) => {
        beginStream(response);
        sendEvent(response, "delta", { text: "First words.\n\nand more" });
      });
      terminal.type("go\r");
      await terminal.sees("First words.");
      terminal.type("meanwhile typed");
      await terminal.sees("> meanwhile typed");
      process.kill(await terminal.programPid(), signal);
      expect(await terminal.ended()).toEqual({ code: signal === "SIGTERM" ? 143 : 129, isRestored: true });
      expect((await terminal.text()).filter((row) => row.includes("First words."))).toHaveLength(1);
      const again = await talk(echo);
      await again.sees("> meanwhile typed");
    },
  );

  it.each([
    ["without a stack", {}, false],
    ["with its stack when AI_CHAT_DEBUG=1", { AI_CHAT_DEBUG: "1" }, true],
  ])(
    "by an error in a component prints it %s, exits with 1, and restores the terminal",
    async (_, env, hasStack) => {
      const gate = createGate();
      const fault = await preload(
        home,
        `const { replace } = String.prototype;
       String.prototype.replace = function (...args) {
         if (String(this) === "666") throw new Error("made by the test");
         return replace.apply(this, args);
       };`,
      );
      const terminal = await talk(
        async (response) => {
          beginStream(response);
          sendEvent(response, "delta", { text: "All of it." });
          await gate.opened;
          sendEvent(response, "done", { response: "", tokens_deducted: 100, tokens_remaining: 66_600 });
          response.end();
        },
        { env: { ...env, ...fault } },
      );
      terminal.type("go\r");
      // Wait until it is sent: in one burst the Enter would be a line end of the text.
      await terminal.onScreen("Esc stops");
      terminal.type("half a question");
      await terminal.onScreen("> half a question");
      gate.open();
      await terminal.sees("A fault of ai-chat (Error): the session had to end.");
      expect(await terminal.ended()).toEqual({ code: 1, isRestored: true });
      const text = (await terminal.text()).join("\n");
      expect(text).toContain("All of it.");
      expect(text.includes("made by the test")).toBe(hasStack);
      const again = await talk(echo);
      await again.sees("> half a question");
    },
  );
});

describe("two sessions on one folder", () => {
  const env = { AI_CHAT_TOKEN: "", AI_CHAT_PASSWORD: "correct horse" };

  it("share the server of the first, and when that ends, the other continues with the same balance", async () => {
    await runProgram(["register", "-s", "local", "-u", "jane"], { home, env });
    const owner = session({ args: ["-s", "local"], env });
    await owner.sees("4,000 tokens");
    const guest = session({ args: ["-s", "local"], env });
    await guest.sees("4,000 tokens");
    owner.type("one\r");
    await owner.onScreen("39 questions left");
    guest.type("two\r");
    await guest.onScreen("38 questions left");
    owner.type("\u0004");
    expect(await owner.ended()).toEqual({ code: 0, isRestored: true });
    guest.type("three\r");
    await guest.onScreen("37 questions left");
    guest.type("\u0004");
    expect(await guest.ended()).toEqual({ code: 0, isRestored: true });
    const kept = await readdir(join(home.dir, "data", "ai-chat", "conversations"));
    expect(kept).toHaveLength(2);
  });

  it.each([
    ["left by Ctrl-D", async (owner: ReturnType<typeof openSession>) => owner.type("\u0004")],
    [
      "killed",
      async (owner: ReturnType<typeof openSession>) => process.kill(await owner.programPid(), "SIGKILL"),
    ],
  ])(
    "when the first is %s during the other's answer, the answer continues, is shown once and charged once",
    async (_, end) => {
      const upstream = await openFakeOpenAi();
      try {
        const shared = {
          ...env,
          AI_CHAT_PROVIDER: "openai",
          AI_CHAT_BASE_URL: upstream.url,
          AI_CHAT_MODEL: "fake-model",
          AI_CHAT_DRAIN_TIMEOUT: "0",
        };
        const first = "The first part of it.\n\n";
        upstream.respond(answer([first, new Promise(() => undefined)]));
        await runProgram(["register", "-s", "local", "-u", "jane"], { home, env: shared });
        const owner = session({ args: ["-s", "local"], env: shared });
        await owner.sees("4,000 tokens");
        const guest = session({ args: ["-s", "local"], env: shared });
        await guest.sees("4,000 tokens");
        guest.type("go on\r");
        await guest.sees("The first part of it.");
        upstream.respond(answer([first, "And the end of it.\n"]));
        await end(owner);
        await guest.sees(/100 tokens · \d+ s/);
        const rows = await guest.text();
        expect(rows.filter((row) => row.includes("The first part of it."))).toHaveLength(1);
        expect(rows.filter((row) => row.includes("And the end of it."))).toHaveLength(1);
        expect(upstream.requests).toHaveLength(2);
        const balance = await runProgram(["balance", "-q", "-s", "local"], { home, env: shared });
        expect(balance.stdout).toBe("3900\n");
      } finally {
        await upstream.close();
      }
    },
  );
});

describe("a session that is killed during an answer", () => {
  it("leaves its question to the next one, which gets the paid answer without another charge", async () => {
    const upstream = await openFakeOpenAi();
    try {
      const env = {
        AI_CHAT_TOKEN: "",
        AI_CHAT_PASSWORD: "correct horse",
        AI_CHAT_PROVIDER: "openai",
        AI_CHAT_BASE_URL: upstream.url,
        AI_CHAT_MODEL: "fake-model",
      };
      await runProgram(["register", "-s", "local", "-u", "jane"], { home, env });
      upstream.respond(answer(["One."]));
      const killed = session({ args: ["-s", "local"], env });
      await killed.sees("40 questions");
      killed.type("one\r");
      await killed.sees("39 questions");
      upstream.respond(answer(["Half of it.\n\n", new Promise(() => undefined)]));
      killed.type("two\r");
      await killed.sees("Half of it.");
      killed.type("three\r");
      await killed.onScreen("queue · 1 question");
      await keptInDraft(killed, "three");
      process.kill(await killed.programPid(), "SIGKILL");
      await killed.ended();

      const next = session({ args: ["-s", "local"], env });
      await next.sees("It may have cost 100; Enter sends it again and is not charged twice.");
      await next.onScreen(/^> two/);
      await next.onScreen("queue stopped · 1 question · 100 tokens");
      expect(upstream.requests).toHaveLength(2);
      upstream.respond(answer(["All of it."]));
      next.type("\r");
      await next.sees("All of it.");
      await next.onScreen("38 questions");
      upstream.respond(answer(["And three."]));
      next.type("\r");
      await next.sees("And three.");
      await next.onScreen("37 questions");
      next.type("\u0004");
      expect(await next.ended()).toEqual({ code: 0, isRestored: true });
      const list = await runProgram(["conversations", "list", "--json"], { home, env });
      expect(JSON.parse(list.stdout)).toMatchObject([{ title: "one", turns: 3 }]);
    } finally {
      await upstream.close();
    }
  });
});

describe("an error in a session", () => {
  it("puts the complete question back into the composer when the connection is lost, and Enter retries it", async () => {
    let tries = 0;
    const terminal = await talk((response, message) => {
      tries += 1;
      if (tries > 1) return echo(response, message);
      beginStream(response);
      sendEvent(response, "delta", { text: "half of" });
      setTimeout(() => response.destroy(), 50);
    });
    terminal.type("a question\r");
    await terminal.sees("> a question");
    await terminal.sees(/It may have cost/);
    terminal.type("\r");
    await terminal.sees("You said: a question");
    expect(questions()).toEqual(["a question", "a question"]);
  });

  it("shows a refusal, and the question is back in the composer", async () => {
    const terminal = await talk((response) => refuse(response, 403, "account_disabled"));
    terminal.type("a question\r");
    await terminal.sees("It is account_disabled.");
    await vi.waitFor(async () => {
      const rows = await terminal.screen();
      expect(rows.slice(rows.findIndex((row) => row.includes("account_disabled")))).toContain("> a question");
    }, 60_000);
  });
});
