import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import xterm from "@xterm/headless";

/** A terminal emulator behind a fake tty stream. */
export function createScreen({ columns = 80, rows = 24, reflowCursorLine = false } = {}) {
  const term = new xterm.Terminal({
    cols: columns,
    rows,
    scrollback: 5000,
    convertEol: true,
    allowProposedApi: true,
    reflowCursorLine,
  });
  const written: string[] = [];
  let parsed = 0;
  const stream = Object.assign(new EventEmitter(), {
    isTTY: true,
    columns,
    rows,
    writable: true,
    destroyed: false,
    writableEnded: false,
    writableLength: 0,
    write(chunk: string, done?: () => void): boolean {
      written.push(chunk);
      term.write(chunk, () => {
        parsed++;
        done?.();
      });
      return true;
    },
  });
  /** Everything written has been parsed. The emulator parses in slices of time, so more can be written before the last. */
  const settled = async () => {
    do await new Promise<void>((resolve) => term.write("", resolve));
    while (parsed < written.length);
  };
  return {
    term,
    written,
    stdout: stream as unknown as NodeJS.WriteStream,
    settled,
    /** Resizes first and then notifies the process, as a real terminal does. */
    async resize(columns: number, rows: number): Promise<void> {
      await settled();
      term.resize(columns, rows);
      Object.assign(stream, { columns, rows });
      stream.emit("resize");
    },
    /** Scrollback and screen; soft-wrapped rows joined, trailing blanks dropped. */
    async text(): Promise<string[]> {
      await settled();
      const buffer = term.buffer.active;
      const lines: string[] = [];
      for (let y = 0; y < buffer.length; y++) {
        const row = buffer.getLine(y)!;
        if (row.isWrapped) lines.push((lines.pop() ?? "") + row.translateToString(true));
        else lines.push(row.translateToString(true));
      }
      while (lines.at(-1) === "") lines.pop();
      return lines;
    },
    /** The rows of the screen without the scrollback, and the cursor in them. */
    async view(): Promise<{ rows: string[]; cursor: { x: number; y: number } }> {
      await settled();
      const buffer = term.buffer.active;
      const rows = Array.from({ length: term.rows }, (_, y) =>
        buffer.getLine(buffer.baseY + y)!.translateToString(true),
      );
      return { rows, cursor: { x: buffer.cursorX, y: buffer.cursorY } };
    },
  };
}

/** A stdin for Ink without input. */
export function silentStdin(): NodeJS.ReadStream {
  const noop = () => {};
  return Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: noop,
    ref: noop,
    unref: noop,
  }) as unknown as NodeJS.ReadStream;
}
