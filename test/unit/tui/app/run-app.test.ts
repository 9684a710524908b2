import { readFile } from "node:fs/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ClientError } from "../../../../src/client/failure.ts";
import type { TerminalTraits } from "../../../../src/tui/options.ts";
import type { Unsent } from "../../../../src/tui/composer/draft-file.ts";
import { contextOf } from "../../../../src/session/pending.ts";
import { answer, createFakeClient, type FakeClient } from "../../session/fake-client.ts";
import { leave, OPENING, start } from "./drawn-session.ts";

afterEach(() => void vi.useRealTimers());

describe("the session on a terminal", () => {
  it("begins with version, model, server, balance and keys", async () => {
    const session = start();
    await session.shows("demo · 40 questions left · jane@local");
    await leave(session);
    expect(session.text()).toBe(OPENING);
  });

  it("names /connect also where it learns later that a demo answers", async () => {
    const session = start({ intro: { isDemo: false } });
    await session.shows("a demo (see /connect) · your own server on this machine · 4,000 tokens\n");
    await leave(session);
    expect(session.text()).toBe(OPENING);
  });

  it("shows what is known of the first lines at once, and prints them when they are complete", async () => {
    const client = createFakeClient();
    let go = () => {};
    const known = new Promise<void>((resolve) => (go = resolve));
    client.balance = async () => {
      await known;
      return createFakeClient().balance();
    };
    const session = start({ client });
    await session.shows("a demo (see /connect) · your own server on this machine\n");
    await session.shows("Esc stop\n\n> Ask");
    go();
    await session.shows("a demo (see /connect) · your own server on this machine · 4,000 tokens\n");
    await leave(session);
    expect(session.text()).toBe(OPENING);
  });

  it("prints the first lines as they are above a question that does not wait for them", async () => {
    const client = createFakeClient();
    client.balance = () => new Promise(() => undefined);
    const session = start({ client });
    await session.shows("a demo (see /connect) · your own server on this machine\n");
    session.type("hello\r");
    await session.shows("100 tokens · 1 s");
    await leave(session);
    expect(session.text()).toBe(
      `${OPENING.replace(" · 4,000 tokens", "")}\n\n> hello\n\nYou said: hello\n\n100 tokens · 1 s`,
    );
  });

  it("begins without a word if that is wanted", async () => {
    const session = start({ intro: undefined });
    await session.shows("40 questions left");
    await leave(session);
    expect(session.text()).toBe("");
  });

  it("leaves question, answer and cost in the scrollback, and nothing else", async () => {
    const session = start();
    await session.shows("40 questions");
    session.type("hello\r");
    await session.shows("100 tokens · 1 s");
    await session.shows("39 questions");
    await leave(session);
    expect(session.text()).toBe(`${OPENING}\n\n> hello\n\nYou said: hello\n\n100 tokens · 1 s`);
  });

  it("has one blank line between a question, its progress and its answer", async () => {
    const client = createFakeClient();
    let go = () => {};
    const passed = new Promise<void>((resolve) => (go = resolve));
    client.script = [[passed, { type: "delta", text: "half" }, new Promise(() => undefined)]];
    const session = start({ client });
    await session.shows("40 questions");
    session.type("hello\r");
    await session.shows(/\n\n> hello\n\n. waiting · \d+ s · Esc stops\n> Ask/u);
    go();
    await session.shows(/\n\n> hello\n\nhalf\n\n. answering · \d+ s · Esc stops\n> Ask/u);
    expect(session.text()).not.toContain("waiting");
    session.type("\x1b");
    await session.shows("stopped");
    await leave(session);
  });

  it("prints each line of a long answer once and never clears the scrollback", async () => {
    const client = createFakeClient();
    const words = Array.from({ length: 300 }, (_, i) => `- LINE-${i + 1}.\n`);
    client.script = [answer(...words)];
    const session = start({ client });
    await session.shows("40 questions");
    session.type("go\r");
    await session.shows("39 questions");
    await leave(session);
    expect(session.text().match(/LINE-\d+\./g)).toEqual(words.map((_, i) => `LINE-${i + 1}.`));
    expect(session.bytes()).not.toContain("\x1b[3J");
  });

  it("has no timer and writes nothing while it is idle", async () => {
    // The timers run as usual, but are counted.
    vi.useFakeTimers({
      toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"],
      shouldAdvanceTime: true,
    });
    const session = start();
    await session.shows("40 questions");
    session.type("hello\r");
    await session.shows("100 tokens · 1 s");
    await session.shows("39 questions");
    // The timers of the answer, the keys and Ink end; one that restarts would remain.
    while (vi.getTimerCount() > 0) await new Promise((resolve) => setImmediate(resolve));
    const written = session.bytes().length;
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(session.bytes()).toHaveLength(written);
    await leave(session);
  });

  it("puts console output of a library above the composer", async () => {
    const session = start();
    await session.shows("40 questions");
    console.log("written by a library");
    await session.shows(/written by a library\n[^]*40 questions/);
    await leave(session);
    expect(session.text()).toContain("written by a library");
  });

  it("returns a failed question to the composer with the reason above it", async () => {
    const client = createFakeClient();
    client.script = [[new ClientError("upstream_error", "The AI failed.", { status: 502 })]];
    const session = start({ client });
    await session.shows("40 questions");
    session.type("hello\r");
    await session.shows(/The AI failed\.\nNothing was charged\. Enter sends it again\.\n\n> hello\n/);
    session.type("\r");
    await session.shows("You said: hello");
    expect(client.questions[1]?.key).toBe(client.questions[0]?.key);
    await leave(session);
  });

  it("keeps the last question if Ctrl-C clears the text that Esc Esc restored", async () => {
    const client = createFakeClient();
    const session = start({ client });
    await session.shows("40 questions");
    session.type("one\r");
    await session.shows("39 questions");
    session.type("\x1b\x1b");
    await session.shows("Asks this instead of the last question");
    session.type("\x03two\r");
    await session.shows("38 questions");
    await leave(session);
    expect(client.questions.map(({ history }) => history.length)).toEqual([0, 2]);
  });

  it("stops with Esc and keeps a draft that was typed meanwhile", async () => {
    const client: FakeClient = createFakeClient();
    client.script = [[{ type: "delta", text: "half an answer" }, new Promise(() => undefined)]];
    const session = start({ client });
    await session.shows("40 questions");
    session.type("hello\r");
    await session.shows("half an answer");
    session.type("my draft\x1b");
    await session.shows(/stopped · 0 tokens · \d+ s\n/);
    await session.shows("> my draft");
    expect(client.questions).toHaveLength(1);
    session.type("\x15");
    await session.shows("> Ask");
    await leave(session);
  });

  it("shows the queue with its price above the composer, and sends it question by question", async () => {
    const client: FakeClient = createFakeClient();
    let end = () => {};
    const slow = new Promise<void>((resolve) => (end = resolve));
    client.script = [[{ type: "delta", text: "half an answer" }, slow, ...answer("")]];
    const session = start({ client });
    await session.shows("40 questions");
    session.type("hello\r");
    await session.shows("half an answer");
    session.type("two\r");
    await session.shows(/ {2}> two\nqueue · 1 question · 100 tokens · Up edits the last\n> Ask/);
    session.type("three\r");
    await session.shows(
      / {2}> two\n {2}> three\nqueue · 2 questions · 200 tokens · Up edits the last\n> Ask/,
    );
    session.type("\u001b[A");
    await session.shows(/ {2}> two\nqueue · 1 question · 100 tokens · Up edits the last\n> three/);
    session.type("!\r");
    await session.shows(/ {2}> two\n {2}> three!\nqueue · 2 questions/);
    end();
    await session.shows("You said: three!");
    await session.shows("37 questions");
    await leave(session);
    expect(client.questions.map(({ message }) => message)).toEqual(["hello", "two", "three!"]);
    expect(session.text()).not.toContain("queue");
  });

  it("stops the queue with Esc, and sends it with Enter on an empty line", async () => {
    const client: FakeClient = createFakeClient();
    client.script = [[{ type: "delta", text: "half an answer" }, new Promise(() => undefined)]];
    const session = start({ client });
    await session.shows("40 questions");
    session.type("hello\r");
    await session.shows("half an answer");
    session.type("two\r");
    await session.shows("queue · 1 question");
    session.type("\x1b");
    await session.shows(
      /stopped[^]* {2}> two\nqueue stopped · 1 question · 100 tokens · Enter sends · Up edits the last\n> Ask/,
    );
    expect(client.questions).toHaveLength(1);
    session.type("\r");
    await session.shows("You said: two");
    await session.shows("39 questions");
    await leave(session);
  });

  it("keeps what is unsent for the next session, which sends nothing by itself", async () => {
    const kept: object[] = [];
    const draft = (found?: Unsent) => ({ found, keep: (change: Partial<Unsent>) => void kept.push(change) });
    const client: FakeClient = createFakeClient();
    client.script = [[{ type: "delta", text: "half an answer" }, new Promise(() => undefined)]];
    const session = start({ client, draft: draft() });
    await session.shows("40 questions");
    session.type("hello\r");
    await session.shows("half an answer");
    session.type("two\r");
    await session.shows("queue · 1 question");
    session.type("\x04");
    await session.end;
    await session.shows("Not sent: 1 question. The next session shows it again.");
    const queue = kept.findLast((change): change is Pick<Unsent, "queue"> => "queue" in change)?.queue ?? [];
    expect(queue).toEqual(["two"]);
    const next = start({ draft: draft({ text: "typed", queue }) });
    await next.shows(
      /Not sent by an earlier session: 1 question\.[^]* {2}> two\nqueue stopped · 1 question · .*\n> typed/,
    );
    // The first lines are complete before it.
    expect(next.text().startsWith(`${OPENING}\n\nNot sent`)).toBe(true);
    next.type("\x15");
    await next.shows("> Ask");
    next.type("\r");
    await next.shows("You said: two");
    await next.shows("39 questions");
    await leave(next);
    expect(kept.findLast((change) => "queue" in change)).toEqual({ queue: [] });
  });

  it("names /retry, not Enter, for the question of a killed session below which a draft stands", async () => {
    const message = "lost";
    const before = { server: "local", username: "jane", context: contextOf([], message) };
    const pending = { ...before, message, key: "key", at: Date.now() };
    const client = createFakeClient();
    const session = start({ client, draft: { found: { text: "typed", queue: [], pending }, keep() {} } });
    await session.shows("> typed");
    await session.shows("It may have cost 100; /retry sends it again and is not charged twice.");
    session.type("\x15/retry\r");
    await session.shows("You said: lost");
    await leave(session);
    expect(client.questions.map(({ key }) => key)).toEqual(["key"]);
  });

  it("asks a word that leaves other programs only after a second Enter", async () => {
    const client = createFakeClient();
    const session = start({ client });
    await session.shows("40 questions");
    session.type("exit\r");
    await session.shows(/\/quit leaves\. Enter again asks it for 100 tokens\.\n> exit\n/);
    session.type("x\x7f");
    await session.shows(/^(?![^]*leaves\.)/);
    session.type("\r");
    await session.shows("/quit leaves.");
    expect(client.questions).toEqual([]);
    session.type("\r");
    await session.shows("You said: exit");
    await session.shows("39 questions");
    await leave(session);
  });

  it("sends no command that doesn't exist, however often Enter is pressed", async () => {
    const client = createFakeClient();
    const session = start({ client });
    await session.shows("40 questions");
    for (const key of ["/conect", "\r", "\r", "\r"]) {
      session.type(key);
      await session.shows(key === "\r" ? "There is no command /conect: did you mean /connect?" : "> /conect");
    }
    session.type("\x15/connect\r");
    await session.shows("AI_CHAT_BASE_URL=http://127.0.0.1:8080/v1 ai-chat -s local");
    await leave(session);
    expect(client.questions).toEqual([]);
  });

  it("asks for the balance when the window gets the focus, after a minute", async () => {
    const client = createFakeClient();
    const clock = vi.spyOn(Date, "now");
    const session = start({ client });
    await session.shows("40 questions");
    client.tokens = 9000;
    clock.mockReturnValue(Date.now() + 60_000);
    session.type("\u001b[I");
    await session.shows("90 questions");
    clock.mockRestore();
    await leave(session);
    expect(session.text()).toBe(OPENING);
  });

  it("goes on after a repeated question that failed, with what was typed meanwhile", async () => {
    const client = createFakeClient();
    let fail: (why: unknown) => void = () => {};
    const failing = new Promise((_, reject) => (fail = reject));
    client.script = [answer("first"), [failing]];
    const session = start({ client });
    await session.shows("40 questions");
    session.type("one\r");
    await session.shows("first");
    await session.shows("39 questions");
    session.type("/retry\r");
    await session.shows("waiting");
    session.type("two");
    await session.shows("> two");
    fail(new ClientError("upstream_error", "It failed.", { status: 502 }));
    await session.shows("Nothing was charged. /retry sends it again.");
    await session.shows("Kept: /retry sends it again");
    session.type("\r");
    await session.shows("You said: two");
    await leave(session);
    expect(client.questions[2]?.history.map(({ content }) => content)).toEqual(["one", "first"]);
  });

  it("shows /retry above what it says if there is nothing to ask again", async () => {
    const session = start();
    await session.shows("40 questions");
    session.type("/retry\r");
    await session.shows("There is no question to ask again.");
    await leave(session);
    expect(session.text()).toContain("\n> /retry\nThere is no question to ask again.");
  });

  it("registers a new account and never shows the password", async () => {
    const session = start({ client: createFakeClient({ token: false }), signedIn: false });
    await session.shows("Sign in to your own server on this machine");
    session.type("\r");
    await session.shows("Username:");
    session.type("max");
    await session.shows("Username: max");
    session.type("\r");
    await session.shows("Password:");
    session.type("hunter2hunter2");
    session.type("\r");
    await session.shows("Password once more:");
    session.type("hunter2hunter2");
    session.type("\r");
    await session.shows("Welcome, max · 4,000 tokens");
    expect(session.bytes()).not.toContain("hunter2");
    await leave(session);
  });

  it("keeps the terminal's cursor after the typed text, also after wide characters", async () => {
    const session = start();
    await session.shows("40 questions");
    session.type("日本語");
    await session.shows("> 日本語");
    expect(session.cursor()).toEqual({ x: 8, y: 4 });
    session.type("\x15");
    await session.shows("> Ask");
    await leave(session);
  });

  it("restores the terminal and exits with 0 for each key that leaves", async () => {
    // The time between two Ctrl-C passes only while this test runs, so that a pause of a busy machine does not count.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true });
    for (const keys of [["\x04"], ["\x03", "\x03"], ["/quit\r"]]) {
      const session = start();
      await session.shows("40 questions");
      for (const key of keys) {
        session.type(key);
        if (keys.length > 1 && key === keys[0]) await session.shows("Press Ctrl-C again");
      }
      expect(await session.end).toBe("left");
      expect(session.modes).toEqual([true, false]);
      expect(session.text()).toBe(OPENING);
    }
  });

  it("restores the terminal when the process is to end", async () => {
    const told = new AbortController();
    const session = start({ signal: told.signal });
    await session.shows("40 questions");
    told.abort();
    await session.end;
    expect(session.modes).toEqual([true, false]);
  });

  it("restores the terminal, prints a message and exits with 1 after an error while drawing", async () => {
    const client = createFakeClient();
    const session = start({
      client: {
        ...client,
        offer: async () => ({
          extensions: new Set(),
          price: 100,
          model: Symbol("no text") as unknown as string,
          models: [],
        }),
      },
    });
    expect(await session.end).toBe("fault");
    expect(session.modes).toEqual([true, false]);
    expect(session.told()).toMatch(
      /^A fault of ai-chat \(TypeError\): the session had to end\..*\nStart it again: ai-chat .*AI_CHAT_DEBUG=1.*\n$/,
    );
    // Whether the lines below are final by then is up to the machine; nothing else is left.
    expect(["ai-chat 0.0.0", OPENING]).toContain(session.text());
  });
});

describe("the colours", () => {
  const black = "\u001b]11;rgb:0000/0000/0000\u001b\\";
  const white = "\u001b]11;rgb:ffff/ffff/ffff\u0007";
  /** The colour of the composer's mark. */
  const rows: [theme: TerminalTraits["theme"], answers: string, mark: string][] = [
    ["auto", black, "38;5;80"],
    ["auto", white, "38;5;24"],
    ["auto", "", "36"],
    ["dark", white, "38;5;80"],
    ["light", "", "38;5;24"],
    ["ansi", white, "36"],
  ];
  it.each(rows)("are those of the theme %s where the terminal answers %j", async (theme, answers, mark) => {
    const session = start({ traits: { color: true, theme }, answers });
    await session.shows("Ask, or type /");
    expect(session.bytes()).toContain(`\u001b[${mark}m> `);
    await leave(session);
    expect(session.text()).not.toContain("rgb");
  });

  it("change when the terminal tells its background late, which is no text", async () => {
    const session = start({ traits: { color: true, theme: "auto" } });
    await session.shows("Ask, or type /");
    session.type(`half${white}`);
    session.type(" a word");
    await session.shows(/> half a word$/m);
    expect(session.bytes()).toContain("\u001b[38;5;24m> ");
    session.type("\u0003");
    await leave(session);
  });
});

describe("an internal error while a question is asked", () => {
  it("ends the session with 1 and restores the terminal", async () => {
    const client = createFakeClient();
    const session = start({ client });
    await session.shows("40 questions");
    client.script = [[new ClientError("upstream_error", "It failed.", { status: 502 })]];
    client.offer = () => Promise.reject(new TypeError("a fault"));
    session.type("one\r");
    expect(await session.end).toBe("fault");
    expect(session.modes).toEqual([true, false]);
    expect(session.told()).toMatch(/^A fault of ai-chat \(TypeError\): the session had to end\./);
  });

  it("is none of the program if its files are those of another version", async () => {
    const client = createFakeClient();
    const session = start({ client });
    await session.shows("40 questions");
    client.offer = () =>
      readFile("/nonexistent/dist/finder-3AYK6WEM.js").then(() => Promise.reject(new Error()));
    client.script = [[new ClientError("upstream_error", "It failed.", { status: 502 })]];
    session.type("one\r");
    expect(await session.end).toBe("fault");
    expect(session.told()).toMatch(
      /^Another version of ai-chat was installed, so the session had to end\..*\nStart it again: ai-chat\n$/,
    );
  });
});

describe("text that is typed too early", () => {
  const gate = () => {
    let open = () => {};
    const opened = new Promise<void>((resolve) => (open = resolve));
    return { opened, open };
  };

  it("before the first frame goes into the composer, and is not sent", async () => {
    const session = start({ ahead: "early words\r" });
    await session.shows("> early words");
    expect(session.text()).not.toContain("You said");
    session.type("\r");
    await session.shows("You said: early words");
    await leave(session);
  });

  it("before a form is dropped", async () => {
    const session = start({ signedIn: false, ahead: "early words\r" });
    await session.shows("> 1  I'm new: register");
    session.type("2");
    await session.shows("Username:");
    session.type("jane\r");
    await session.shows("Password of jane:");
    session.type("correct horse\r");
    await session.shows("Ask, or type /");
    expect(session.text()).not.toContain("early");
    await leave(session);
  });

  it("before the first frame ends the session if it is Ctrl-C", async () => {
    const session = start({ ahead: "early words\u0003" });
    expect(await session.end).toBe("left");
  });

  it("does not become a password when the login has expired", async () => {
    // The clock stands still, so that the time between two keys on a busy machine is no pause.
    const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now());
    const client = createFakeClient();
    const { opened, open } = gate();
    const balance = () => createFakeClient().balance();
    client.balance = async () => {
      await opened;
      throw new ClientError("invalid_token", "It is over.", { status: 401 });
    };
    const session = start({ client });
    await session.shows("Ask, or type /");
    session.type("half a quest");
    await session.shows("> half a quest");
    open();
    await session.shows("Your login is no longer valid. To log in, press Enter or stop typing.");
    session.type("ion");
    await session.shows("> half a question");
    session.type("\r");
    await session.shows("Password of jane:");
    clock.mockRestore();
    client.balance = balance;
    session.type("correct horse\r");
    await session.shows("Logged in as jane");
    await session.shows("> half a question");
    expect(client.questions).toEqual([]);
    session.type("\r");
    await session.shows("You said: half a question");
    await leave(session);
  });

  it("during a login becomes the next question", async () => {
    const client = createFakeClient();
    const { opened, open } = gate();
    client.login = async () => {
      await opened;
      return { token: "t" };
    };
    const session = start({ client, signedIn: false });
    await session.shows("I'm new: register");
    session.type("2");
    await session.shows("Username:");
    session.type("jane\r");
    await session.shows("Password of jane:");
    session.type("correct horse\r");
    await session.shows("one moment");
    session.type("next");
    open();
    await session.shows("> next");
    expect(client.questions).toEqual([]);
    await leave({ ...session, type: (keys) => session.type(`\u0015${keys}`) });
  });
});
