import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { beginStream, openChatServer, sendEvent, streamAnswer } from "../support/chat-server.ts";
import type { SmallServer } from "../support/others-server.ts";
import { makeHome, program, programEnv, type Home } from "../support/run-program.ts";

/** The built program in a shell's pipes, loops and redirections. */

let home: Home;
let server: SmallServer;
const asked = () =>
  server.seen.splice(0).map(({ body }) => (JSON.parse(body) as { message: string }).message);
beforeAll(async () => {
  home = await makeHome();
  server = await openChatServer((response, { body }) => {
    const { message } = JSON.parse(body) as { message: string };
    if (message !== "endless") return streamAnswer(response, [`You said: ${message}`]);
    // More than any pipe can hold, until the client disconnects.
    beginStream(response);
    const more = () => {
      if (response.destroyed) return;
      sendEvent(response, "delta", { text: `${"a line of text ".repeat(1000)}\n` });
      setImmediate(more);
    };
    more();
  });
});
afterAll(async () => {
  await server.close();
  await home.remove();
});

/** Runs an sh script in which `ai` is the program. */
async function shell(script: string, env: Record<string, string> = {}) {
  const child = spawn("sh", ["-c", `ai() { "$NODE" "$PROGRAM" "$@"; }; ${script}`], {
    cwd: home.dir,
    stdio: ["ignore", "pipe", "pipe"],
    env: programEnv(home, {
      NODE: process.execPath,
      PROGRAM: program,
      AI_CHAT_TOKEN: "tok",
      AI_CHAT_SERVER: server.url,
      ...env,
    }),
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { stdout, stderr };
}

describe("stdin", () => {
  const inputs: [name: string, script: string, stdout: string, questions: string[]][] = [
    ["that is closed counts as empty", "ai ask hi <&-", "You said: hi\n", ["hi"]],
    ["from /dev/null counts as empty", "ai ask hi </dev/null", "You said: hi\n", ["hi"]],
    [
      "from a FIFO is read",
      "mkfifo f; (echo one >f &); ai ask hi <f",
      "You said: hi\n\none\n",
      ["hi\n\none"],
    ],
    ["from a here-document is read", "ai ask hi <<E\none\nE\n", "You said: hi\n\none\n", ["hi\n\none"]],
    [
      "that is slow is read to its end",
      // (On a busy machine this can take over three seconds, and then stderr has a hint.)
      "(printf 'o'; ai --version >/dev/null; echo ne) | ai ask 2>/dev/null",
      "You said: one\n",
      ["one"],
    ],
    [
      "of a loop over lines is not read with --no-stdin",
      `printf 'a\\nb\\n' | while read -r w; do ai ask --no-stdin "$w"; done`,
      "You said: a\nYou said: b\n",
      ["a", "b"],
    ],
    [
      "of a loop over lines is not read with </dev/null",
      `printf 'a\\nb\\n' | while read -r w; do ai ask "$w" </dev/null; done`,
      "You said: a\nYou said: b\n",
      ["a", "b"],
    ],
    [
      "of a loop over lines is read by the first question without either",
      `printf 'a\\nb\\nc\\n' | while read -r w; do ai ask "$w"; done`,
      "You said: a\n\nb\nc\n",
      ["a\n\nb\nc"],
    ],
  ];
  test.each(inputs)("%s", async (_name, script, stdout, questions) => {
    expect(await shell(script)).toEqual({ stdout, stderr: "" });
    expect(asked()).toEqual(questions);
  });

  const refused: [name: string, script: string, says: RegExp][] = [
    ["with bytes that are not text", `printf 'a\\377\\376\\000b' | ai ask hi`, /is not UTF-8\.\n.*iconv/],
    ["with half a character", `printf 'a\\303' | ai ask`, /is not UTF-8/],
    ["from /dev/null with a dash", "ai ask - </dev/null", /stdin was empty/],
    ["that is closed with a dash", "ai ask - <&-", /stdin was empty/],
    ["without an end", "yes | ai ask", /more than 1 MiB/],
  ];
  test.each(refused)("%s is refused with a message: exit 2", async (_name, script, says) => {
    const { stdout, stderr } = await shell(`${script}; echo "$?"`);
    expect(stdout).toBe("2\n");
    expect(stderr).toMatch(/^ai-chat: [^\n]+\n[^\n]+\n$/);
    expect(stderr).toMatch(says);
    expect(asked()).toEqual([]);
  });

  test("the help of ask shows how to ask in a loop", async () => {
    expect((await shell("ai ask --help")).stdout).toMatch(/--no-stdin/);
  });
});

test("ask ends with exit 0 and no message when head has read enough", async () => {
  const { stdout, stderr } = await shell(`{ ai ask endless; echo "$?" >&2; } | head -c 14`);
  expect({ stdout, stderr }).toEqual({ stdout: "a line of text", stderr: "0\n" });
  asked();
});

describe("stdout and stderr", () => {
  const closed: [name: string, script: string, stdout: string, stderr: string][] = [
    ["with stderr closed change no answer", "ai ask hi 2>&-; echo $?", "You said: hi\n0\n", ""],
    ["with stderr full change no answer", "ai ask hi 2>/dev/full; echo $?", "You said: hi\n0\n", ""],
    ["with stderr closed change no exit code", "ai ask 2>&-; echo $?", "2\n", ""],
    ["with stderr full change no exit code", "ai ask 2>/dev/full; echo $?", "2\n", ""],
    ["with stderr full and --json change no exit code", "ai ask --json 2>/dev/full; echo $?", "2\n", ""],
    ["all closed cause no error", "ai ask hi <&- >&- 2>&-; echo $?", "0\n", ""],
  ];
  test.each(closed)("%s", async (_name, script, stdout, stderr) => {
    expect(await shell(script)).toEqual({ stdout, stderr });
    asked();
  });

  test("every form of ask fails with a message when stdout is on a full disk", async () => {
    for (const form of ["", "--json", "--json --stream"]) {
      const { stdout, stderr } = await shell(`ai ask ${form} hi >/dev/full; echo $?`);
      expect([form, stdout]).toEqual([form, "1\n"]);
      expect(stderr).toMatch(/stdout can't be written/);
      expect(stderr).not.toMatch(/^ {4}at /m);
    }
    asked();
  });
});
