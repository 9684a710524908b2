import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { typed, withoutEcho, type PromptTerminal } from "../../../../src/cli/io/prompt.ts";

const keys: [data: string, result: ReturnType<typeof typed>][] = [
  ["abc", { kind: "more", line: "abc" }],
  ["abc\r", { kind: "done", line: "abc", rest: "" }],
  ["abc\ndef", { kind: "done", line: "abc", rest: "def" }],
  ["abé😀\x7f\x7fc\r", { kind: "done", line: "abc", rest: "" }],
  ["abc\x15d\r", { kind: "done", line: "d", rest: "" }],
  ["a\x1b[Ab\x1bOP\x1b[3~c\r", { kind: "done", line: "abc", rest: "" }],
  ["\x1b[200~pasted\x1b[201~\r", { kind: "done", line: "pasted", rest: "" }],
  [" a b \r", { kind: "done", line: " a b ", rest: "" }],
  ["abc\x03", { kind: "stop" }],
  ["\x04", { kind: "stop" }],
  ["a\x04\r", { kind: "done", line: "a", rest: "" }],
];
test("keys at a password prompt give the line, its end or a stop", () => {
  for (const [data, result] of keys) expect(typed("", data), JSON.stringify(data)).toEqual(result);
});

// anthropics/claude-code#88249
test("the echo is off again after the process was stopped and continued, and no later", async () => {
  const modes: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), {
    isRaw: false,
    setRawMode(on: boolean) {
      modes.push(on);
      stdin.isRaw = on;
    },
  });
  const { signal } = new AbortController();
  const terminal = { stdin, stderr: new PassThrough(), signal } as unknown as PromptTerminal;
  await withoutEcho(terminal, async () => void process.emit("SIGCONT", "SIGCONT"));
  process.emit("SIGCONT", "SIGCONT");
  expect(modes).toEqual([true, false, true, false]);
});
