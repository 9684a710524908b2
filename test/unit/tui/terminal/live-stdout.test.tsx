import { Box, render, Text, useCursor, useStdout } from "ink";
import { useSyncExternalStore } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Quiet } from "../../../../src/tui/terminal/window-size.ts";
import { createLiveStdout } from "../../../../src/tui/terminal/live-stdout.ts";
import { createScreen, silentStdin } from "./screen.ts";

type Live = { tail: string[]; composer: string; status: string };

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A small session: a tail, a composer, a status line. Its state is outside React, as in the real one. */
function start(
  options: { columns?: number; rows?: number; promptly?: number; quiet?: Quiet } = {},
  withCursor = false,
) {
  const screen = createScreen(options);
  const { promptly, quiet } = options;
  const live = createLiveStdout(screen.stdout, { reflow: "xterm.js", promptly, quiet });
  let frames = 0;
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
    onRender: () => (frames += 1),
  });
  ends.push(() => {
    ink.unmount();
    live.dispose();
  });
  /** Waits until the screen shows something. */
  const sees = (wanted: string) =>
    until(async () => expect((await screen.view()).rows.join("\n")).toContain(wanted));
  /** Waits until Ink has made another frame, drawn or not. */
  const rendered = async () => {
    const before = frames;
    await until(() => expect(frames).toBeGreaterThan(before));
  };
  return { screen, live, ink, set, sees, rendered, state: () => state };
}

/** Vitest waits a second by default; on a busy machine a frame can take longer. */
const until = (check: () => unknown) => vi.waitFor(check, { timeout: 45_000, interval: 10 });
const tick = () => new Promise<void>((resolve) => setImmediate(resolve));
const count = (lines: string[], wanted: string) => lines.filter((line) => line.includes(wanted)).length;

/** Streams lines through the tail into the scrollback; `during` is called before each line. */
async function stream(
  { live, set, state, sees }: ReturnType<typeof start>,
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
  await sees("done");
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

  it("loses no line and leaves no stale row when the window narrows to 60 and 40 columns and widens again", async () => {
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

describe("a live area", () => {
  it("puts the cursor into the composer and leaves it there when only the status changes", async () => {
    const { screen, set, sees } = start({}, true);
    await sees("status");
    expect((await screen.view()).cursor).toEqual({ x: 10, y: 0 });
    const before = screen.written.length;
    set({ status: "other words" });
    await sees("other words");
    expect((await screen.view()).cursor).toEqual({ x: 10, y: 0 });
    expect(screen.written.slice(before).join("")).not.toContain("> composer");
    set({ composer: "> composer 한" });
    await sees("한");
  });

  it("writes finished text after a time if no frame follows", async () => {
    const { screen, live, sees } = start({ promptly: 1 });
    await sees("status");
    live.print("by itself");
    await sees("by itself");
    expect((await screen.text()).slice(-3)).toEqual(["by itself", "> composer", "status"]);
  });

  it("writes finished text at once when it is flushed", async () => {
    const { screen, live, sees } = start({ promptly: 60_000 });
    await sees("status");
    live.print("waits");
    expect((await screen.text()).join()).not.toContain("waits");
    live.flush();
    expect(await screen.text()).toEqual(["waits", "> composer", "status"]);
  });

  it("writes finished text together with the frame that no longer contains it", async () => {
    const { screen, live, set, sees } = start({ promptly: 60_000 });
    set({ tail: ["the answer"] });
    await sees("the answer");
    const before = screen.written.length;
    live.print("the answer");
    set({ tail: [] });
    await until(() => expect(screen.written.length).toBeGreaterThan(before));
    expect(screen.written.slice(before)).toHaveLength(1);
    expect(await screen.text()).toEqual(["the answer", "> composer", "status"]);
  });

  it("cuts the top of a frame that is higher than the screen, instead of scrolling", async () => {
    const { screen, live, ink, sees } = start({ rows: 6 });
    live.print("history");
    ink.rerender(<Text>{Array.from({ length: 20 }, (_, index) => `row ${index}`).join("\n")}</Text>);
    await sees("row 19");
    ink.rerender(<Text>{Array.from({ length: 20 }, (_, index) => `row ${index + 1}`).join("\n")}</Text>);
    await sees("row 20");
    const text = await screen.text();
    expect(text).toEqual(["history", "row 16", "row 17", "row 18", "row 19", "row 20"]);
    expectNoWipe(screen.written);
  });

  it("prints text written through Ink once, above the frame", async () => {
    const screen = createScreen();
    const live = createLiveStdout(screen.stdout);
    let write: (text: string) => void = () => {};
    const Writer = () => {
      ({ write } = useStdout());
      return <Text>frame</Text>;
    };
    const ink = render(<Writer />, { stdout: live.stdout, stdin: silentStdin(), patchConsole: false });
    ends.push(() => {
      ink.unmount();
      live.dispose();
    });
    await until(async () => expect(await screen.text()).toEqual(["frame"]));
    write("through Ink\n");
    write("without a line end");
    expect(await screen.text()).toEqual(["through Ink", "without a line end", "frame"]);
  });

  it("erases the frame for an editor and draws it again below later output", async () => {
    const { screen, live, set, sees } = start({}, true);
    live.print("before");
    live.flush();
    await sees("status");
    live.pause();
    expect(await screen.text()).toEqual(["before"]);
    screen.stdout.write("the editor was here\n");
    live.print("meanwhile");
    set({ status: "changed" });
    expect(await screen.text()).toEqual(["before", "the editor was here"]);
    live.resume();
    await sees("changed");
    expect(await screen.text()).toEqual([
      "before",
      "the editor was here",
      "meanwhile",
      "> composer",
      "changed",
    ]);
  });

  it("is drawn below what a shell wrote while the process was stopped, without text that is not finished", async () => {
    const { screen, live, set, sees } = start({}, true);
    await sees("status");
    screen.stdout.write("\nStopped\n$ fg\n");
    live.print("finished");
    live.again();
    expect(await screen.text()).toEqual(["> composer", "Stopped", "$ fg", "> composer", "status"]);
    set({ status: "changed" });
    await sees("changed");
    expect((await screen.text()).slice(2)).toEqual(["$ fg", "finished", "> composer", "changed"]);
  });

  it("clears the screen and keeps the old text in the scrollback", async () => {
    const { screen, live, sees } = start({ rows: 10 }, true);
    live.print("old text");
    await sees("old text");
    live.clearScreen();
    expect((await screen.view()).rows.slice(0, 3)).toEqual(["> composer", "status", ""]);
    const text = await screen.text();
    expect(count(text, "old text")).toBe(1);
    expect(count(text, "> composer")).toBe(1);
    expectNoWipe(screen.written);
  });

  it("leaves the last frame on the screen when Ink ends, and then prints directly", async () => {
    const { screen, live, ink, sees } = start({}, true);
    await sees("status");
    live.print("last words");
    const ended = ink.waitUntilExit();
    ink.unmount();
    await ended;
    live.print("see you");
    live.dispose();
    live.dispose();
    live.print("later");
    expect(await screen.text()).toEqual(["last words", "> composer", "status", "see you", "later"]);
    expect((await screen.view()).cursor).toEqual({ x: 0, y: 5 });
    expect(screen.written.join("").lastIndexOf("\u001b[?25h")).toBeGreaterThan(
      screen.written.join("").lastIndexOf("\u001b[?25l"),
    );
    expect(screen.stdout.listenerCount("resize")).toBe(0);
  });

  it("notifies the app of a new size before Ink draws", async () => {
    const { screen, live, sees } = start({ columns: 80 });
    await sees("status");
    const seen: string[] = [];
    live.onResize(() => seen.push(`app ${live.columns}x${live.rows}`));
    live.stdout.on("resize", () => seen.push(`ink ${live.stdout.columns}`));
    await screen.resize(50, 9);
    await until(() => expect(seen).toEqual(["app 50x9", "ink 50"]));
    expect(live.stdout.rows).toBeGreaterThan(1000);
  });

  const NEVER = { once: 600_000, several: 600_000 };

  it("draws nothing while sizes keep changing, and then all at once", async () => {
    const { screen, live, ink, set, sees, rendered } = start({ columns: 100, rows: 30, quiet: NEVER }, true);
    await sees("status");
    const before = screen.written.length;
    for (let i = 0; i < 6; i++) {
      await screen.resize(i % 2 === 0 ? 50 : 100, i % 2 === 0 ? 10 : 30);
      live.print(`line ${i}`);
      set({ composer: `> composer ${i}` });
      await rendered();
    }
    expect(screen.written.slice(before).join("")).not.toContain("line");
    const ended = ink.waitUntilExit();
    ink.unmount();
    await ended;
    const lines = Array.from({ length: 6 }, (_, i) => `line ${i}`);
    expect(await screen.text()).toEqual([...lines, "> composer 5", "status"]);
  });

  it.each([
    [[40, 80]],
    [[40, 60]],
    [[30, 45, 100]],
    [[50, 25, 35, 60]],
    [[100, 40, 70]],
    [[20, 90, 35, 100]],
    [[29, 31, 28, 61]],
  ])("leaves no stale row if the window changes from 60 columns to %j before it is drawn", async (widths) => {
    const { screen, live, set, sees } = start(
      { columns: 60, rows: 24, quiet: { once: 50, several: 50 } },
      true,
    );
    for (let i = 1; i <= 40; i++) live.print(`LINE-${i}- ${"x".repeat(i)}`);
    const tail = [41, 42, 43, 44].map((i) => `LINE-${i}- ${"x".repeat(i)}`);
    set({ tail, composer: "> the composer", status: "s".repeat(60) });
    await sees("LINE-44-");
    for (const columns of widths) await screen.resize(columns, 24);
    set({ status: "later" });
    await sees("later");
    const text = await screen.text();
    expectEveryLineOnce(text, 44);
    expect(text.slice(-6)).toEqual([...tail, "> the composer", "later"]);
  });

  it("draws by itself when sizes are quiet", async () => {
    const { screen, set, sees } = start({ columns: 100, rows: 30 }, true);
    await sees("status");
    await screen.resize(50, 10);
    await screen.resize(100, 30);
    set({ composer: "> typed" });
    await sees("> typed");
    expect(await screen.text()).toEqual(["> typed", "status"]);
  });

  it("shows what is typed while sizes keep changing for longer than a second", async () => {
    const session = start({ columns: 100, rows: 30, quiet: NEVER }, true);
    const { screen, live, ink, set, sees } = session;
    const tail = ["one", "two"].map((word) => `${word} ${"x".repeat(80)}`);
    set({ tail });
    await sees("two");
    set({ composer: "> typed" });
    let i = 0;
    await until(async () => {
      await screen.resize(i % 2 === 0 ? 50 : 100, 30);
      i++;
      expect((await screen.view()).rows.join("\n")).toContain("> typed");
    });
    for (const line of tail) live.print(line);
    set({ tail: [], status: "done" });
    await session.rendered();
    const ended = ink.waitUntilExit();
    ink.unmount();
    await ended;
    expect(await screen.text()).toEqual([...tail, "> typed", "done"]);
  });

  it("passes a title or OSC 52 through unchanged", async () => {
    const { screen, live, sees } = start();
    await sees("status");
    live.stdout.write("\u001b]52;c;YQ==\u0007");
    expect(screen.written.at(-1)).toBe("\u001b]52;c;YQ==\u0007");
  });
});
