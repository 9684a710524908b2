import { EventEmitter } from "node:events";

/** More rows than any frame has, so that Ink never takes one for full screen and clears the terminal. */
const UNREACHABLE_ROWS = 100_000;

type WriteDone = (error?: Error | null) => void;

/** As much of a WriteStream as Ink 6.8 uses, for its render(): `take` gets each write that isn't empty. */
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
      // Ink awaits an empty write before it says that it has ended: all earlier ones are through then.
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
