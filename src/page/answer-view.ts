import { createSanitizer } from "../text/sanitize.ts";
import { nodeOf, rewriteCode } from "./dom.ts";
import { createReferences } from "./markdown/lex.ts";
import { partsOf, type Part } from "./markdown/parts.ts";
import { createSegments } from "./markdown/segments.ts";

/** An answer on the page while it is written. */
export interface AnswerView {
  add(text: string): void;
  /** Draws what has been added, now. */
  finish(): void;
  /** Forgets all of it: the answer comes again from its start. */
  restart(): void;
  readonly text: string;
}

/** Milliseconds between two drawings; and drawing takes at most a fifth of the time, however long the answer. */
const PAUSE_MS = 50;
const REST = 4;

/** Draws an answer in `container` as it comes. `onDraw` is called around each drawing, and returns what is called after it. */
export function createAnswerView(container: Element, onDraw: () => () => void): AnswerView {
  let text = "";
  let references = createReferences();
  let segments = createSegments();
  let sanitize = createSanitizer();
  let ended: string[] = [];
  /** What is drawn of the segment that has not ended. */
  let open: { part: Part; node: Node }[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pause = PAUSE_MS;

  /** Replaces what differs alone: what a reader has selected or scrolled stays. */
  const drawOpen = (source: string) => {
    const parts = partsOf(source, references);
    const kept = open;
    open = parts.map((part, i) => {
      const old = kept[i];
      if (
        old &&
        typeof part === "object" &&
        "code" in part &&
        typeof old.part === "object" &&
        "code" in old.part
      ) {
        if (old.part.language === part.language) {
          if (old.part.code !== part.code) rewriteCode(old.node, part.code);
          return { part, node: old.node };
        }
      }
      if (old && JSON.stringify(old.part) === JSON.stringify(part)) return { part, node: old.node };
      const node = nodeOf(part);
      if (old) container.replaceChild(node, old.node);
      else container.append(node);
      return { part, node };
    });
    for (const { node } of kept.slice(parts.length)) container.removeChild(node);
  };

  const draw = () => {
    clearTimeout(timer);
    timer = undefined;
    const begun = performance.now();
    const after = onDraw();
    for (const segment of ended.splice(0)) {
      drawOpen(segment);
      open = [];
    }
    drawOpen(segments.rest);
    after();
    pause = Math.max(PAUSE_MS, REST * (performance.now() - begun));
  };

  const clear = () => {
    clearTimeout(timer);
    timer = undefined;
    segments = createSegments();
    sanitize = createSanitizer();
    ended = [];
    open = [];
    container.replaceChildren();
  };

  const take = (piece: string) => {
    ended.push(...segments.push(sanitize(piece)));
  };

  return {
    add(piece) {
      text += piece;
      take(piece);
      timer ??= setTimeout(draw, pause);
    },
    finish() {
      draw();
      // A definition can stand after the links that it is for.
      if (Object.keys(references).length === 0) return;
      clear();
      take(text);
      draw();
    },
    restart() {
      clear();
      text = "";
      references = createReferences();
    },
    get text() {
      return text;
    },
  };
}
