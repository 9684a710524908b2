// Input that waits in the terminal while the process is busy for longer than its timeouts.
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createEnding } from "../../../../src/tui/app/ending.ts";
import { openKeyboard } from "../../../../src/tui/app/keyboard.ts";
import type { Screen } from "../../../../src/tui/app/screen.ts";
import type { ChatOptions } from "../../../../src/tui/options.ts";
import { createKeyParser } from "../../../../src/tui/terminal/keys.ts";

let hands: Socket;
let stdin: Socket;
let fd: number;

beforeEach(async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const met = once(server, "connection");
  hands = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", noDelay: true });
  [stdin] = (await met) as [Socket];
  server.close();
  fd = openSync("/dev/null", "w");
});
afterEach(() => {
  hands.destroy();
  stdin.destroy();
  closeSync(fd);
});

/** Types a text, and blocks the process for `ms` milliseconds. */
function typeWhileBusy(text: string, ms: number): void {
  hands.write(text);
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe("a busy process", () => {
  it("does not split a key sequence whose rest has arrived", async () => {
    const keys: string[] = [];
    const heard = new Promise<void>((resolve) => {
      const parser = createKeyParser({
        onKey: (key) => {
          keys.push(key.name);
          if (key.name === "up" || key.name === "A") resolve();
        },
        onPaste: () => {},
      });
      stdin.on("data", (chunk: Buffer) => {
        parser.feed(chunk);
        // The rest arrives while this process is busy.
        if (chunk.at(-1) === 0x1b) setImmediate(() => typeWhileBusy("[A", 100));
      });
    });
    hands.write("\u001b");
    await heard;
    expect(keys).toEqual(["up"]);
  });

  it("does not send a line that was typed before the session was visible", async () => {
    const typed: string[] = [];
    const screen = {
      key: ({ name }: { name: string }) => void typed.push(`key ${name}`),
      typedAhead: (text: string) => void typed.push(`ahead ${text}`),
    } as unknown as Screen;
    const ends = { stdin: Object.assign(stdin, { setRawMode: () => {} }), stdout: { fd }, terminal: {} };
    const keyboard = openKeyboard(ends as unknown as ChatOptions, createEnding());
    typeWhileBusy("rm it all\r", 100);
    await keyboard.settled();
    keyboard.attach(screen);
    await new Promise((resolve) => setImmediate(resolve));
    hands.write("\u001b[?62c");
    await keyboard.close();
    expect(typed).toEqual(["ahead rm it all"]);
  });
});
