/** Longest wait for the terminal's reply in milliseconds. Replies are late over a slow connection. */
const TIMEOUT = 1000;

/** Features that a terminal reports. */
export interface TerminalFeatures {
  /** It distinguishes Shift-Enter from Enter (kitty keyboard protocol). */
  shiftEnter: boolean;
  /** Its attributes include 52: programs may set the clipboard (OSC 52). */
  clipboard: boolean;
}

interface Ends {
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
}

/** Parses the replies to `CSI ? u` and `CSI c`; undefined before the second, which every terminal sends. */
function readAnswers(text: string): TerminalFeatures | undefined {
  const attributes = /\u001b\[\?([\d;]*)c/.exec(text);
  if (!attributes) return undefined;
  return {
    shiftEnter: /\u001b\[\?\d+u/.test(text),
    clipboard: (attributes[1] ?? "").split(";").includes("52"),
  };
}

/** Queries the terminal's features; null if it does not reply. Restores the terminal in any case. */
export async function askTerminal({ stdin, stdout }: Ends): Promise<TerminalFeatures | null> {
  let received = "";
  stdin.setRawMode(true);
  try {
    return await new Promise((resolve) => {
      // setImmediate: on a busy machine the reply may have arrived but not been read yet.
      const timer = setTimeout(() => setImmediate(() => resolve(null)), TIMEOUT);
      stdin.on("data", (data: Buffer) => {
        received += data.toString("latin1");
        const answers = readAnswers(received);
        if (!answers) return;
        clearTimeout(timer);
        resolve(answers);
      });
      stdout.write("\u001b[?u\u001b[c");
    });
  } finally {
    stdin.removeAllListeners("data");
    stdin.setRawMode(false);
    stdin.pause();
  }
}
