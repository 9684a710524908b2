// A small session for a real terminal: it uses the terminal layer as the session does, without a server.
import { Box, render, Text, useCursor } from "ink";
import { useSyncExternalStore } from "react";
import { edit, pressEnter } from "../../../src/tui/composer/editor.ts";
import { createEditor } from "../../../src/tui/composer/editor-state.ts";
import { commandOf } from "../../../src/tui/composer/keymap.ts";
import { layoutEditor } from "../../../src/tui/composer/layout.ts";
import { createKeyParser } from "../../../src/tui/terminal/keys.ts";
import { createLiveStdout } from "../../../src/tui/terminal/live-stdout.ts";
import { openTerminal } from "../../../src/tui/terminal/modes.ts";
import { reflowOf, reflowOfAnswers } from "../../../src/tui/terminal/reflow.ts";
import { openJob } from "../../../src/tui/terminal/suspend.ts";

// Milliseconds until sizes are quiet.
const [, , quietMs] = process.argv;
const quiet = quietMs === undefined ? undefined : { once: Number(quietMs), several: Number(quietMs) };
const live = createLiveStdout(process.stdout, { reflow: reflowOf(process.env), quiet });
const terminal = openTerminal({ stdin: process.stdin, fd: process.stdout.fd });
process.on("exit", () => terminal.restore());
process.on("SIGTERM", () => process.exit(143));

let state = { editor: createEditor(), tail: [] as string[], status: "starting" };
const listeners = new Set<() => void>();
function set(change: Partial<typeof state>): void {
  state = { ...state, ...change };
  for (const listener of listeners) listener();
}
const room = () => Math.max(1, live.columns - 2);
const status = (text: string) =>
  `${text} · 3,900 tokens · 39 questions · gpt-4o-mini · trip to Rome · and more`;

void terminal.answers.then((answers) => {
  const reflow = reflowOfAnswers(answers);
  if (reflow) live.setReflow(reflow);
  set({ status: status("ready") });
});

const ink = render(<Session />, { stdout: live.stdout, exitOnCtrlC: false, maxFps: 30 });
live.onResize(() => set({}));

const parser = createKeyParser({
  onReply: terminal.onReply,
  onPaste: (text) => set({ editor: edit(state.editor, { type: "paste", text }, room()) }),
  onKey(key) {
    const meaning = commandOf(key);
    if (meaning?.kind === "edit") set({ editor: edit(state.editor, meaning.action, room()) });
    else if (meaning?.command === "enter") submit();
    else if (meaning?.command === "interrupt") leave();
    else if (meaning?.command === "escape") live.print("[escape]");
    else if (meaning?.command === "suspend") suspend();
  },
});
process.stdin.on("data", (chunk) => parser.feed(chunk));

function submit(): void {
  const outcome = pressEnter(state.editor);
  if (outcome.kind === "continue") return set({ editor: outcome.state });
  set({ editor: createEditor() });
  if (outcome.text === "/crash") throw new Error("crash on purpose");
  if (outcome.text === "/log") console.log("written by a library");
  else if (outcome.text === "/go") go();
  else if (outcome.text.startsWith("/stream ")) stream(outcome.text.slice(8).split(" ").map(Number));
  else live.print(`sent ${JSON.stringify(outcome.text)}`);
}

let go = () => {};

/** Streams that many lines; after each of the `marks` it pauses until `/go`. */
function stream([lines = 0, ...marks]: number[]): void {
  let line = 0;
  let held = false;
  go = () => (held = false);
  const timer = setInterval(() => {
    if (held) return;
    const tail = [...state.tail, `LINE-${++line}- alpha beta gamma ${"x".repeat(line % 60)}`];
    while (tail.length > (line < lines ? 6 : 0)) live.print(tail.shift()!);
    held = marks.includes(line);
    set({ tail, status: status(held ? `held at ${line}` : line < lines ? "streaming" : "streamed") });
    if (line >= lines) clearInterval(timer);
  }, 5);
}

const { suspend } = openJob({
  signals: process,
  leave() {
    live.pause();
    terminal.restore();
  },
  back() {
    terminal.resume();
    live.resume();
  },
  again() {},
});

function leave(): void {
  ink.unmount();
  live.dispose();
  parser.end();
  terminal.restore();
  process.stdout.write("bye\n");
  process.exit(0);
}

function Session() {
  const { editor, tail, status } = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => state,
  );
  const { setCursorPosition } = useCursor();
  const { rows, cursor } = layoutEditor(editor, room(), Math.max(1, Math.min(5, live.rows - 2)));
  const fit = tail.slice(tail.length - Math.max(0, Math.min(tail.length, live.rows - 2 - rows.length)));
  setCursorPosition({ x: cursor.x + 2, y: fit.length + cursor.y });
  return (
    <Box flexDirection="column">
      {fit.map((line) => (
        <Text key={line} wrap="truncate">
          {line}
        </Text>
      ))}
      {rows.map((row, index) => (
        <Text key={row.start} wrap="truncate">
          {(index === 0 ? "> " : "  ") + row.text}
        </Text>
      ))}
      <Text wrap="truncate">{status}</Text>
    </Box>
  );
}
