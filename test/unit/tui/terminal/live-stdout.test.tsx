import { Box, render, Text, useCursor } from "ink";
import { useSyncExternalStore } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createLiveStdout, type LiveStdout } from "../../../../src/tui/terminal/live-stdout.ts";
import { createScreen, silentStdin } from "./screen.ts";

type Live = { tail: string[]; composer: string; status: string; cursor?: { x: number; y: number } };

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A session in small: a tail, a composer, a status line; state outside React, as the real one. */
function startSession(size: { columns?: number; rows?: number } = {}, withCursor = false) {
  const screen = createScreen(size);
  const live = createLiveStdout(screen.stdout, { reflow: "xterm.js" });
  let state: Live = { tail: [], composer: "> composer", status: "status" };
  const listeners = new Set<() => void>();
  const set = (change: Partial<Live>) => {
    state = { ...state, ...change };
    for (const listener of listeners) listener();
  };
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };

  function Session() {
    const { tail, composer, status } = useSyncExternalStore(subscribe, () => state);
    const { setCursorPosition } = useCursor();
    const fit = tail.slice(-Math.max(0, live.rows - 3));
    if (withCursor) setCursorPosition({ x: composer.length, y: fit.length });
    return (
      <Box flexDirection="column">
        {fit.map((line) => (
          <Text key={line} wrap="truncate">
            {line}
          </Text>
        ))}
        <Text wrap="truncate">{composer}</Text>
        <Text wrap="truncate">{status}</Text>
      </Box>
    );
  }

  live.onResize(() => set({}));
  const ink = render(<Session />, {
    stdout: live.stdout,
    stdin: silentStdin(),
    exitOnCtrlC: false,
    patchConsole: false,
    maxFps: 30,
  });
  ends.push(() => (ink.unmount(), live.dispose()));
  return { screen, live, ink, set, state: () => state };
}

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));
const count = (lines: string[], wanted: string) => lines.filter((line) => line.includes(wanted)).length;

/** Streams lines through the tail into the scrollback; `during` may do something to the terminal before a line. */
async function stream(
  { live, set, state }: ReturnType<typeof startSession>,
  lines: number,
  during: (line: number) => Promise<void> | void = () => {},
) {
  for (let i = 1; i <= lines; i++) {
    await during(i);
    let { tail } = state();
    tail = [...tail, `LINE-${i}- alpha beta gamma ${"x".repeat(i % 60)}`];
    while (tail.length > 6) live.print(tail.shift()!);
    set({ tail });
    if (i % 3 === 0) await tick();
    if (i % 40 === 0) await new Promise((resolve) => setTimeout(resolve, 40));
  }
  for (const line of state().tail) live.print(line);
  set({ tail: [], status: "done" });
  await vi.waitFor(async () => expect((await screenOf(live)).at(-1)).toBe("done"));
}

const screens = new WeakMap<LiveStdout, ReturnType<typeof createScreen>>();
const screenOf = (live: LiveStdout) => screens.get(live)!.text();

function start(size: { columns?: number; rows?: number } = {}, withCursor = false) {
  const session = startSession(size, withCursor);
  screens.set(session.live, session.screen);
  return session;
}

function expectEveryLineOnce(text: string[], lines: number) {
  const wrong = [];
  for (let i = 1; i <= lines; i++) {
    const times = count(text, `LINE-${i}-`);
    if (times !== 1) wrong.push([i, times]);
  }
  expect(wrong).toEqual([]);
  const order = text.flatMap((line) => /LINE-(\d+)-/.exec(line)?.[1] ?? []).map(Number);
  expect(order).toEqual(order.toSorted((a, b) => a - b));
}

function expectNoWipe(written: string[]) {
  expect(written.join("")).not.toMatch(/\u001b\[[23]?J\u001b\[3J|\u001b\[3J|\u001b\[2J|\u001bc/);
}

describe.each([
  ["without a cursor", false],
  ["with the cursor in the composer", true],
])("a live area %s", (_, withCursor) => {
  it.each([
    [80, 24],
    [40, 10],
  ])("puts each of 300 streamed lines once into the scrollback at %dx%d", async (columns, rows) => {
    const session = start({ columns, rows }, withCursor);
    await stream(session, 300);
    const text = await session.screen.text();
    expectEveryLineOnce(text, 300);
    expect(count(text, "> composer")).toBe(1);
    expect(count(text, "status")).toBe(0);
    expect(text.slice(-2)).toEqual(["> composer", "done"]);
    expectNoWipe(session.screen.written);
  });

  it("loses no line and leaves no stale row when the window narrows 100, 60, 40 and widens again", async () => {
    const session = start({ columns: 100, rows: 24 }, withCursor);
    session.set({
      status: "jane@chat.school.org · 3,900 tokens · 39 questions · gpt-4o-mini · trip to Rome · more words",
    });
    const widths = new Map([
      [100, 60],
      [150, 40],
      [200, 80],
      [250, 50],
    ]);
    await stream(session, 300, async (line) => {
      const columns = widths.get(line);
      if (!columns) return;
      await session.screen.resize(columns, 24);
      await tick();
    });
    const text = await session.screen.text();
    expectEveryLineOnce(text, 300);
    expect(count(text, "> composer")).toBe(1);
    expect(count(text, "jane@")).toBe(0);
    expect(text.slice(-2)).toEqual(["> composer", "done"]);
    expectNoWipe(session.screen.written);
  });

  it("loses no line when the window shrinks to 80x8, and never draws the composer twice", async () => {
    const session = start({ columns: 80, rows: 24 }, withCursor);
    await stream(session, 300, async (line) => {
      if (line === 150) await session.screen.resize(80, 8);
      if (line === 230) await session.screen.resize(80, 24);
    });
    const text = await session.screen.text();
    for (let i = 1; i <= 300; i++) expect(count(text, `LINE-${i}-`), `line ${i}`).toBeGreaterThanOrEqual(1);
    expect(count(text, "> composer")).toBe(1);
    expectNoWipe(session.screen.written);
  });
});
