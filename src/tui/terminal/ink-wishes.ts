import { readInkWrite, type InkCursor } from "./ink-writes.ts";

/** What Ink wants of the screen. */
export interface InkWishes {
  /** Another frame; `above` is what the console or the app wrote before it, each text with its line end, or "". */
  frame(frame: InkFrame, above: string): void;
  /** The same frame with the cursor elsewhere, or without one. */
  cursor(cursor: InkCursor | undefined): void;
  /** No frame. */
  clear(): void;
  /** It is gone: its last frame is text from now on. */
  unmount(): void;
  /** What isn't Ink's, to be written as it stands; returns what a stream's write() does. */
  other(write: string): boolean;
}

interface InkFrame {
  text: string;
  cursor: InkCursor | undefined;
}

/** Makes wishes of Ink's writes, given one by one; each returns what a stream's write() does. */
export function followInk(wishes: InkWishes): (write: string) => boolean {
  let block: InkFrame[] | undefined; // texts of an open synchronized block

  /** In one synchronized block Ink writes console's or the app's text first, and its frame last. */
  const closeBlock = () => {
    const texts = block ?? [];
    block = undefined;
    const frame = texts.pop();
    if (!frame) return;
    wishes.frame(frame, texts.map(({ text }) => (text.endsWith("\n") ? text : `${text}\n`)).join(""));
  };

  return (write) => {
    const meaning = readInkWrite(write);
    switch (meaning.kind) {
      case "begin":
        block = [];
        return true;
      case "end":
        closeBlock();
        return true;
      case "unmount":
        wishes.unmount();
        return true;
      case "clear":
        wishes.clear();
        return true;
      case "cursor":
        wishes.cursor(meaning.cursor);
        return true;
      case "text":
        if (!block) return wishes.other(write);
        block.push(meaning);
        return true;
    }
  };
}
