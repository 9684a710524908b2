/** Longest wait for the terminal's answers, in milliseconds: over a slow line they are late. */
const PATIENCE = 1000;

/** What a terminal says of itself; null where it answered nothing. */
export interface TerminalSays {
  /** It tells Shift-Enter from Enter (the kitty keyboard protocol). */
  shiftEnter: boolean;
  /** It lists 52 among its attributes: programs may set the clipboard (OSC 52). */
  clipboard: boolean;
}

interface Ends {
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
}

/** Reads the answers to `CSI ? u` and `CSI c`; undefined while the second, which every terminal gives, is missing. */
function readAnswers(text: string): TerminalSays | undefined {
  const attributes = /\u001b\[\?([\d;]*)c/.exec(text);
  if (!attributes) return undefined;
  return {
    shiftEnter: /\u001b\[\?\d+u/.test(text),
    clipboard: (attributes[1] ?? "").split(";").includes("52"),
  };
}

/** Asks the terminal at both ends what it can do. Leaves it as it was, also when it doesn't answer. */
export async function askTerminal({ stdin, stdout }: Ends): Promise<TerminalSays | null> {
  let heard = "";
  stdin.setRawMode(true);
  try {
    return await new Promise((resolve) => {
      // A turn later: on a busy machine the answer may be there, and only not have been read yet.
      const timer = setTimeout(() => setImmediate(() => resolve(null)), PATIENCE);
      stdin.on("data", (data: Buffer) => {
        heard += data.toString("latin1");
        const answers = readAnswers(heard);
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
