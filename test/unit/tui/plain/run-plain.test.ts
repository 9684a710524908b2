import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { describe, expect, it, onTestFinished } from "vitest";
import { openConversations } from "../../../../src/client/conversations/conversations.ts";
import { openTextFolders } from "../../../../src/client/kept/own-texts.ts";
import { ClientError } from "../../../../src/client/failure.ts";
import type { ChatOptions } from "../../../../src/tui/options.ts";
import { runPlain } from "../../../../src/tui/plain/run-plain.ts";
import { answer, connectionTo, createFakeClient } from "../../session/fake-client.ts";

function collect(isTTY: boolean, onWrite: (chunk: string) => void = () => {}) {
  let text = "";
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      text += String(chunk);
      onWrite(String(chunk));
      done();
    },
  });
  return { stream: Object.assign(stream, { isTTY }), text: () => text };
}

/**
 * Line mode with the whole input; at a terminal passwords are read in raw mode, and each of `replies` is typed when its
 * prompt stands there.
 */
async function run(
  input: string,
  {
    client = createFakeClient(),
    signedIn = true,
    isTTY = false,
    isDemo = false,
    replies = [] as (readonly [prompt: string, typed: string])[],
    rest = {},
    onOpen = (_type: (text: string) => void) => {},
  } = {},
) {
  const left = [...replies];
  const stdout = collect(isTTY);
  const stderr = collect(isTTY, (chunk) => {
    if (chunk !== left[0]?.[0]) return;
    stdin.write(left.shift()?.[1]);
    if (left.length === 0) stdin.end();
  });
  const modes: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), { isTTY, setRawMode: (on: boolean) => modes.push(on) });
  onOpen((text) => void stdin.write(text));
  if (left.length === 0) stdin.end(input);
  else stdin.write(input);
  const end = await runPlain({
    stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
    terminal: { color: false, ascii: false, tmux: false, term: "dumb" },
    connection: connectionTo(client, signedIn ? "jane" : undefined),
    plain: true,
    intro: { isDemo },
    version: "0.0.0",
    commandName: "ai-chat",
    ...rest,
  } as unknown as ChatOptions);
  return { out: stdout.text(), err: stderr.text(), end, client, modes };
}

describe("line mode", () => {
  it("lists roles and takes one, sends prompts, and has no editor in a pipe", async () => {
    const dir = await mkdtemp(join(tmpdir(), "ai-chat-test-"));
    onTestFinished(() => rm(dir, { recursive: true }));
    for (const folder of ["roles", "prompts"]) await mkdir(join(dir, folder));
    await writeFile(join(dir, "roles/pirate.md"), "Talk like a pirate.");
    await writeFile(join(dir, "prompts/sum.md"), "Sum up: $ARGUMENTS");
    const client = createFakeClient({ extensions: ["stream", "history", "instructions"] });
    const rest = { texts: openTextFolders(dir), editFile: () => ({ kind: "unset" }) };
    const typed = "/role\n/role pirate\n/sum this\n/role edit pirate\n";
    const { out, err } = await run(typed, { client, rest });
    expect(out).toBe("You said: Sum up: this\n");
    expect(err).toContain("pirate  Talk like a pirate.\n/role NAME chooses one of them.\n");
    expect(err).toContain("An editor needs a terminal.");
    expect(client.questions.map(({ message, instructions }) => [message, instructions])).toEqual([
      ["Sum up: this", "Talk like a pirate."],
    ]);
  });

  it("answers a question a line, with the cost on stderr, and leaves with 0 at the end of the input", async () => {
    const { out, err, end, client } = await run("one\n\ntwo");
    expect(out).toBe("You said: one\nYou said: two\n");
    expect(err).toBe("100 tokens · 3,900 left\n100 tokens · 3,800 left\n");
    expect(end).toBe("left");
    expect(client.questions[1]?.history).toHaveLength(2);
  });

  it("says on stderr that the AI thinks, and how long it did; /reasoning prints it", async () => {
    const client = createFakeClient();
    client.script = [
      [{ type: "reasoning", text: "Hm,\n" }, { type: "reasoning", text: "1.\x1b[2J" }, ...answer("2")],
    ];
    const { out, err } = await run("one\n/reasoning\ntwo\n/reasoning\n", { client });
    expect(out).toBe("2\nYou said: two\n");
    expect(err).toBe(
      "thinking\nthought for 1 s\n100 tokens · 3,900 left\nHm,\n1.\n100 tokens · 3,800 left\n" +
        "The AI told nothing of what it thought.\n",
    );
  });

  it("deletes the conversation only after the same line twice, from a pipe too", async () => {
    const dir = await mkdtemp(join(tmpdir(), "ai-chat-test-"));
    onTestFinished(() => rm(dir, { recursive: true }));
    const conversations = openConversations({ dir, now: Date.now });
    const saving = { conversations, save: true, showCommand: "show" };
    const typed = async (input: string) => (await run(input, { rest: { saving } })).err.split("\n");
    const asking = 'This deletes "one", 1 turn, permanently. The same line again does it.';
    expect(await typed("one\n/delete\n/help\n/delete\n")).toContain(asking);
    expect(await conversations.list()).toHaveLength(1);
    expect(await typed("one\n/delete\n/delete\n")).toEqual(
      expect.arrayContaining([asking, "Deleted: one", "A new conversation."]),
    );
    expect(await conversations.list()).toHaveLength(1);
  });

  it("sends no yes or no to what a command asks a person", async () => {
    const files = { existing: (name: string) => name };
    const input = "/export a.md\nno\n/export a.md\nYes\nno\n";
    const { client, err } = await run(input, { isTTY: true, rest: { files } });
    expect(err.split("Nothing was done, and nothing was sent.\n")).toHaveLength(3);
    expect(client.questions.map(({ message }) => message)).toEqual(["no"]);
  });

  it("leaves the line of its prompt at a terminal, where Ctrl-C or Ctrl-D ends it", async () => {
    const { err } = await run("one\n", { isTTY: true });
    expect(err.endsWith("left\n> \n")).toBe(true);
  });

  it("tells a person first that a demo answers, who asks, where, and what is left", async () => {
    const { out, err } = await run("one\n", { isTTY: true, isDemo: true });
    expect(err).toMatch(
      /^A demo answers\. \/connect says how to connect a model\.\njane@local · 4,000 tokens · 40 questions/,
    );
    expect(out).toBe("You said: one\n");
  });

  it("takes a line that ends with a backslash together with the next", async () => {
    const { client } = await run("one\\\ntwo\n");
    expect(client.questions.map((question) => question.message)).toEqual(["one\ntwo"]);
  });

  it("ends with a bug, and sends none of the lines that wait", async () => {
    const client = createFakeClient();
    let offers = 0;
    const whole = { ...client };
    client.offer = () => ((offers += 1) === 1 ? whole.offer() : Promise.reject(new TypeError("a fault")));
    client.script = [[new ClientError("upstream_error", "It failed.", { status: 502 })]];
    await expect(run("one\ntwo\n", { client })).rejects.toThrow("a fault");
    expect(client.questions).toHaveLength(1);
  });

  it("tells a failure in two lines on stderr and goes on", async () => {
    const client = createFakeClient();
    client.script = [
      [{ type: "delta", text: "half" }, new ClientError("upstream_error", "The AI failed.", { status: 502 })],
    ];
    const { out, err, end } = await run("one\n/retry\n", { client });
    expect(out).toBe("half\nYou said: one\n");
    expect(err).toBe(
      "The AI failed.\nNothing was charged. /retry sends it again.\n100 tokens · 3,900 left\n",
    );
    expect(end).toBe("left");
  });

  it("goes on after a repeated question that failed, with the answer that there was", async () => {
    const client = createFakeClient();
    client.script = [answer("first"), [new ClientError("upstream_error", "It failed.", { status: 502 })]];
    await run("one\n/retry\ntwo\n", { client });
    expect(client.questions[2]?.history.map(({ content }) => content)).toEqual(["one", "first"]);
  });

  it("gives a pipe the bytes as they came, and a terminal none of the control sequences", async () => {
    const hostile = () => {
      const client = createFakeClient();
      client.script = [answer("a\u001b[", "2Jb")];
      return client;
    };
    expect((await run("x\n", { client: hostile() })).out).toBe("a\u001b[2Jb\n");
    expect((await run("x\n", { client: hostile(), isTTY: true })).out).toBe("ab\n");
  });

  it("runs commands, and sends none that is mistyped", async () => {
    const { err, client } = await run("/balance\n/hlep\n/quit\nnever\n");
    expect(err).toContain("4,000 tokens · 40 questions left\n");
    expect(err).toContain("did you mean /help?");
    expect(client.questions).toEqual([]);
  });

  it("asks a word that leaves other programs only if the same line comes again, at a terminal", async () => {
    const { err, out, client } = await run("exit\nexit\nhelp\none\nhelp\n", { isTTY: true });
    expect(err).toContain("/quit leaves. The same line again asks it for 100 tokens.\n");
    expect(err).toContain("/help lists what can be typed. The same line again asks it for 100 tokens.\n");
    expect(out).toBe("You said: exit\nYou said: one\n");
    expect(client.questions).toHaveLength(2);
  });

  it("asks every line of a pipe", async () => {
    expect((await run("exit\n?\n")).out).toBe("You said: exit\nYou said: ?\n");
  });

  describe("during an answer at a terminal", () => {
    /** Asks `one`, types in the middle of its answer, and then at the prompts. */
    const typing = (typed: string, ...later: string[]) => {
      const client = createFakeClient();
      let type: (text: string) => void = () => {};
      const others = { ...client };
      client.ask = async function* (question) {
        if (question.message !== "one") return yield* others.ask(question);
        yield { type: "delta", text: "half " };
        type(typed);
        await new Promise((resolve) => setImmediate(resolve));
        if (question.signal?.aborted === true)
          throw new ClientError("interrupted", "Interrupted.", { charged: "maybe" });
        yield* answer("an answer");
      };
      const replies = ["one\n", ...later].map((text) => ["> ", text] as const);
      return run("", { client, isTTY: true, replies, onOpen: (write) => (type = write) });
    };

    it("is not echoed; it is shown and sent at the next prompts", async () => {
      const { out, err, modes } = await typing("two\rthree\r", "four\n", "/quit\n");
      expect(out).toBe("half an answer\nYou said: two\nYou said: three\nYou said: four\n");
      expect(err).toMatch(/> two\n.*> three\n/s);
      expect(modes.slice(0, 2)).toEqual([true, false]);
      expect(modes.at(-1)).toBe(false);
    });

    it("may begin a line, which is finished at the next prompt", async () => {
      const { out, err } = await typing("tx", "\x7fwá\x7fo\r", "/quit\n");
      expect(out).toBe("half an answer\nYou said: two\n");
      expect(err).toContain("> tx\b \bwá\b \bo\n");
    });

    it("is not sent if Ctrl-C stops the answer, and is not lost", async () => {
      const { out, err, client } = await typing("two\r\rthr\x03", "four\n", "/quit\n");
      expect(out).toBe("half \nYou said: four\n");
      expect(err).toContain("Not sent: two\n> ");
      expect(client.questions.map(({ message }) => message)).toEqual(["four"]);
    });

    it("leaves at its end with Ctrl-D", async () => {
      const { out, end } = await typing("\x04", "never\n");
      expect(out).toBe("half an answer\n");
      expect(end).toBe("left");
    });
  });

  it("moves no cursor", async () => {
    const { out, err } = await run("one\n/help\n/clear\n", { isTTY: true });
    expect(out + err).not.toContain("\u001b");
  });

  it("says how to log in where there is no terminal to ask at", async () => {
    const { err, end } = await run("one\n", { signedIn: false });
    expect(err).toBe(
      "Not logged in to your own server on this machine.\nLog in first: ai-chat login -s local\n",
    );
    expect(end).toBe("not_logged_in");
  });

  const login = [
    ["> ", "l\n"],
    ["Username: ", "jane\n"],
    ["Password: ", "correct horse\r"],
  ] as const;

  it("logs in at a terminal, reading the password without echo", async () => {
    const replies = [...login, ["> ", "one\n"]] as const;
    const { out, err, modes } = await run("", { signedIn: false, isTTY: true, replies: [...replies] });
    expect(out).toBe("You said: one\n");
    expect(err).not.toContain("correct");
    expect(modes).toEqual([true, false]);
  });

  it("drops what was typed before a prompt of the form, which may be a name or a password, and says so", async () => {
    const typed = "l\njane\ncorrect horse\n";
    const replies = [...login, ["> ", "one\n"]] as const;
    const { out, err } = await run(typed, { signedIn: false, isTTY: true, replies: [...replies] });
    expect(err).toContain("Logged in as jane");
    expect(err.match(/What was typed before is dropped\./g)).toHaveLength(1);
    expect(err).not.toContain("correct");
    expect(out).toBe("You said: one\n");
  });

  it("drops a password that is typed before its prompt", async () => {
    const replies = [
      ["> ", "l\n"],
      ["Username: ", "jane\ncorrect horse\n"],
      ["Password: ", "correct horse\r"],
      ["> ", "one\n"],
    ] as const;
    const { out } = await run("", { signedIn: false, isTTY: true, replies: [...replies] });
    expect(out).toBe("You said: one\n");
  });

  it("keeps input that follows a password at once", async () => {
    const [choice, name] = login;
    const replies = [choice, name, ["Password: ", "correct horse\rtwo que"], ["> ", "stions\n"]] as const;
    const { out, err } = await run("", { signedIn: false, isTTY: true, replies: [...replies] });
    expect(err).toContain("Logged in as jane");
    expect(out).toBe("You said: two questions\n");
  });

  it("asks for the code of an invitation where one is needed to register", async () => {
    const client = createFakeClient({ token: false });
    client.registration = "invite";
    const replies = [
      ["> ", "r\n"],
      ["Code of your invitation: ", "code\n"],
      ["Username: ", "max\n"],
      ["Password: ", "12345678\r"],
      ["Once more: ", "12345678\r"],
      ["> ", "one\n"],
    ] as const;
    const { out, err } = await run("", { client, signedIn: false, isTTY: true, replies: [...replies] });
    expect(err).toContain("Welcome, max");
    expect(out).toBe("You said: one\n");
  });
});

describe("a file that a line names", () => {
  const finder = async () => ({
    named: async (word: string) => ["a b.ts", "paper.pdf", "shot.png"].find((name) => name === word),
    read: async (name: string) =>
      name === "a b.ts"
        ? { kind: "text" as const, name, text: "one\n", lines: 1 }
        : name === "shot.png"
          ? { kind: "image" as const, name, type: "image/png" as const, bytes: Buffer.from("png") }
          : { kind: "refused" as const, why: `${name} is a PDF.` },
    complete: async () => [],
  });
  const rest = { finder };

  it("is told with the price, and sent with an empty line at a terminal", async () => {
    const typed = 'see @"a b.ts", @jane\n\n@"a b.ts"\nnot that\n@"a b.ts"\nno\n\n@paper.pdf\n';
    const { err, client } = await run(typed, { isTTY: true, rest });
    expect(client.questions.map(({ message }) => message)).toEqual([
      'see @"a b.ts", @jane\n\n```a b.ts\none\n```',
      "not that",
    ]);
    expect(err).toContain(
      "With a b.ts (1 line): 39 characters. An empty line sends it for 100 tokens; any other line does not.\n",
    );
    expect(err).toContain("paper.pdf is a PDF.\nNothing was sent.\n");
  });

  it("lies between a command and its repetition like any other line", async () => {
    const dir = await mkdtemp(join(tmpdir(), "ai-chat-test-"));
    onTestFinished(() => rm(dir, { recursive: true }));
    const conversations = openConversations({ dir, now: Date.now });
    const saving = { conversations, save: true, showCommand: "show" };
    await run('one\n/delete\n@"a b.ts"\n/delete\n', { isTTY: true, rest: { ...rest, saving } });
    expect(await conversations.list()).toHaveLength(1);
  });

  it("may be an image, which goes beside the text to a server that takes it", async () => {
    const client = createFakeClient({ extensions: ["images"] });
    const { err } = await run("see @shot.png\n\n", { isTTY: true, rest, client });
    expect(err).toContain("With shot.png (image): ");
    expect(client.questions).toMatchObject([
      { message: "see @shot.png\n\n[image shot.png]", images: [{ data: "cG5n" }] },
    ]);
    const other = await run("see @shot.png\n\n", { isTTY: true, rest });
    expect(other.err).toContain("This server takes no images.\n");
    expect(other.client.questions).toEqual([]);
  });

  it("is never read from a pipe", async () => {
    const { client } = await run('see @"a b.ts"\n', { rest });
    expect(client.questions.map(({ message }) => message)).toEqual(['see @"a b.ts"']);
  });
});
