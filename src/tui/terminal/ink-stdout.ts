import { EventEmitter } from "node:events";

/** More rows than any frame has: Ink clears the terminal when a frame fills the screen. */
const UNREACHABLE_ROWS = 100_000;

type WriteDone = (error?: Error | null) => void;

/** The part of a WriteStream that the render() of Ink 6.8 uses; `take` gets each write that is not empty. */
export function inkStdout(
  real: NodeJS.WriteStream,
  columns: () => number,
  take: (write: string) => boolean,
): NodeJS.WriteStream {
  const stdout = Object.assign(new EventEmitter(), {
    isTTY: true,
    write(chunk: string | Uint8Array, encoding?: BufferEncoding | WriteDone, done?: WriteDone): boolean {
      const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
      const taken = text === "" || take(text);
      const callback = typeof encoding === "function" ? encoding : done;
      // At its end Ink awaits an empty write, so that all earlier ones are complete.
      if (callback) real.write("", callback);
      return taken;
    },
  });
  Object.defineProperties(stdout, {
    columns: { get: columns },
    rows: { get: () => UNREACHABLE_ROWS },
    writable: { get: () => real.writable },
    writableEnded: { get: () => real.writableEnded },
    writableLength: { get: () => real.writableLength },
    destroyed: { get: () => real.destroyed },
  });
  return stdout as unknown as NodeJS.WriteStream;
}
