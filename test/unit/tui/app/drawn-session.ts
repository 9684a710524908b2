import { Console } from "node:console";
import { openSync, closeSync } from "node:fs";
import { PassThrough, Writable } from "node:stream";
import xterm from "@xterm/headless";
import { afterEach, expect } from "vitest";
import { runApp } from "../../../../src/tui/app/run-app.ts";
import type { ChatOptions, TerminalTraits } from "../../../../src/tui/options.ts";
import { connectionTo, createFakeClient, type FakeClient } from "../../session/fake-client.ts";

// vitest's console lacks what Ink patches.
Object.assign(console, { Console });

const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

/** The first lines of such a session. */
export const OPENING = [
  "ai-chat 0.0.0",
  "a demo (see /connect) · your own server on this machine · 4,000 tokens",
  "Enter send · Alt-Enter new line · Esc stop",
].join("\n");

/** The drawn session on a terminal emulator of 80 by 24. */
export function start({
  client = createFakeClient(),
  signedIn = true,
  signal = new AbortController().signal,
  ahead = "",
  answers = "",
  traits = {},
  ...rest
}: {
  client?: FakeClient;
  signedIn?: boolean;
  signal?: AbortSignal;
  /** Typed before the session begins. */
  ahead?: string;
  /** What the terminal answers when the session begins. */
  answers?: string;
  traits?: Partial<TerminalTraits>;
} & Partial<
  Pick<
    ChatOptions,
    | "saving"
    | "beginning"
    | "connectTo"
    | "intro"
    | "draft"
    | "copyLocally"
    | "finder"
    | "pasteImage"
    | "texts"
    | "role"
    | "editFile"
    | "keys"
  >
> = {}) {
  const terminal = new xterm.Terminal({ cols: 80, rows: 24, allowProposedApi: true, scrollback: 5000 });
  const fd = openSync("/dev/null", "w");
  closers.push(() => closeSync(fd));
  let bytes = "";
  let told = "";
  const waiting = new Set<() => void>();
  const stdout = Object.assign(
    new Writable({
      decodeStrings: false,
      write(chunk: string, _encoding, done) {
        bytes += chunk;
        terminal.write(chunk.replaceAll(/(?<!\r)\n/g, "\r\n"), () => {
          for (const check of waiting) check();
          done();
        });
      },
    }),
    { isTTY: true, columns: 80, rows: 24, fd },
  );
  const stderr = new Writable({ write: (chunk, _encoding, done) => ((told += String(chunk)), done()) });
  const modes: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (on: boolean) => modes.push(on),
  });
  // Every terminal answers this query; until then the session does not end.
  stdin.write(`${answers}\u001b[?62c${ahead}`);
  const options = {
    stdin,
    stdout,
    stderr,
    terminal: { color: false, ascii: false, tmux: false, term: "xterm", ...traits },
    connection: connectionTo(client, signedIn ? "jane" : undefined),
    plain: false,
    intro: { isDemo: true },
    version: "0.0.0",
    commandName: "ai-chat",
    signal,
    ...rest,
  } as unknown as ChatOptions;
  const end = runApp(options);
  const text = () => {
    const buffer = terminal.buffer.active;
    const lines = Array.from(
      { length: buffer.length },
      (_, i) => buffer.getLine(i)?.translateToString(true) ?? "",
    );
    return lines.join("\n").trimEnd();
  };
  const shows = (wanted: string | RegExp) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (typeof wanted === "string" ? !text().includes(wanted) : !wanted.test(text())) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  const cursor = () => {
    const { cursorX, cursorY } = terminal.buffer.active;
    return { x: cursorX, y: cursorY };
  };
  return {
    type: (keys: string) => stdin.write(keys),
    shows,
    text,
    end,
    modes,
    cursor,
    bytes: () => bytes,
    told: () => told,
  };
}

/** Leaves with Ctrl-D; the composer is empty. */
export async function leave({ type, end }: ReturnType<typeof start>): Promise<void> {
  type("\x04");
  expect(await end).toBe("left");
}
