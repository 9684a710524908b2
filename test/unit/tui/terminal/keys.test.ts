import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Key } from "../../../../src/tui/terminal/key.ts";
import { createKeyParser, type KeyParserOptions } from "../../../../src/tui/terminal/keys.ts";
import type { Timers } from "../../../../src/tui/terminal/timers.ts";

/** Timers that the test fires. */
function handTimers(): Timers & { fire(): void; ms(): number | undefined } {
  let waiting: { callback: () => void; ms: number } | undefined;
  return {
    set: (callback, ms) => (waiting = { callback, ms }),
    clear: () => (waiting = undefined),
    ms: () => waiting?.ms,
    fire() {
      const { callback } = waiting ?? { callback: () => {} };
      waiting = undefined;
      callback();
    },
  };
}

/** A parser whose results are strings: `ctrl+a`, `x`, `paste:…`, `reply:…`. */
function listen(options: Pick<KeyParserOptions, "isAsking"> = {}) {
  const heard: string[] = [];
  const timers = handTimers();
  const parser = createKeyParser({
    onKey: (key) => heard.push(nameOf(key)),
    onPaste: (text) => heard.push(`paste:${text}`),
    onReply: (reply) => heard.push(`reply:${JSON.stringify(Object.values(reply))}`),
    timers,
    ...options,
  });
  const feed = (...chunks: (string | Uint8Array)[]) => {
    for (const chunk of chunks) parser.feed(Buffer.from(chunk as string));
  };
  return { heard, timers, parser, feed };
}

function nameOf({ name, text, ctrl, alt, shift }: Key): string {
  const isNamed = /^[a-z]+\d*$/.test(name) && name.length > 1;
  expect(text).toBe(name === "space" && !ctrl && !alt ? " " : ctrl || alt || isNamed ? "" : name);
  return `${ctrl ? "ctrl+" : ""}${alt ? "alt+" : ""}${shift ? "shift+" : ""}${name}`;
}

function hear(...chunks: (string | Uint8Array)[]): string[] {
  const { heard, feed, parser } = listen();
  feed(...chunks);
  parser.end();
  return heard;
}

const table: [bytes: string, keys: string[]][] = [
  ["a", ["a"]],
  ["hello", ["h", "e", "l", "l", "o"]],
  ["A", ["A"]],
  [" ", ["space"]],
  ["é", ["é"]],
  ["한글", ["한", "글"]],
  ["👍🏽", ["👍", "🏽"]],
  ["\r", ["enter"]],
  ["hi\r", ["h", "i", "enter"]],
  ["\n", ["ctrl+j"]],
  ["\t", ["tab"]],
  ["\u001b[Z", ["shift+tab"]],
  ["\u007f", ["backspace"]],
  ["\u007f\u007f\u007f", ["backspace", "backspace", "backspace"]],
  ["\b", ["backspace"]],
  ["\0", ["ctrl+space"]],
  ["\u0001\u0003\u0004\u001a", ["ctrl+a", "ctrl+c", "ctrl+d", "ctrl+z"]],
  ["\u001c\u001d\u001e\u001f", ["ctrl+\\", "ctrl+]", "ctrl+^", "ctrl+_"]],
  ["\u001b", ["escape"]],
  ["\u001b\u001b", ["escape", "escape"]],
  ["\u001b\u001b\u001b", ["escape", "escape", "escape"]],
  ["\u001bb\u001bf\u001bd", ["alt+b", "alt+f", "alt+d"]],
  ["\u001bB", ["alt+shift+b"]],
  ["\u001bé", ["alt+é"]],
  ["\u001b\r", ["alt+enter"]],
  ["\u001b\n", ["ctrl+alt+j"]],
  ["\u001b\u007f", ["alt+backspace"]],
  ["\u001b[", ["alt+["]],
  ["\u001bO", ["alt+shift+o"]],
  ["\u001b]", ["alt+]"]],
  ["\u001b[A\u001b[B\u001b[C\u001b[D", ["up", "down", "right", "left"]],
  ["\u001bOA\u001bOB\u001bOC\u001bOD", ["up", "down", "right", "left"]],
  ["\u001b[H\u001b[F\u001bOH\u001bOF", ["home", "end", "home", "end"]],
  ["\u001b[1~\u001b[4~\u001b[7~\u001b[8~", ["home", "end", "home", "end"]],
  ["\u001b[2~\u001b[3~\u001b[5~\u001b[6~", ["insert", "delete", "pageup", "pagedown"]],
  ["\u001b[1;5C\u001b[1;5D", ["ctrl+right", "ctrl+left"]],
  ["\u001b[1;3C\u001b[1;2A\u001b[1;6B", ["alt+right", "shift+up", "ctrl+shift+down"]],
  ["\u001b\u001b[A", ["alt+up"]],
  ["\u001b\u001bx", ["escape", "alt+x"]],
  ["\u001bOP\u001bOQ\u001bOR\u001bOS", ["f1", "f2", "f3", "f4"]],
  ["\u001b[11~\u001b[15~\u001b[17~\u001b[21~\u001b[23~\u001b[24~", ["f1", "f5", "f6", "f10", "f11", "f12"]],
  ["\u001b[[A\u001b[[E", ["f1", "f5"]],
  ["\u001b[1;5P", ["ctrl+f1"]],
  ["\u001b[1;5I", ["ctrl+tab"]],
  ["\u001b[3^\u001b[3$\u001b[3@", ["ctrl+delete", "shift+delete", "ctrl+shift+delete"]],
  ["\u001bOd\u001b[d", ["ctrl+left", "shift+left"]],
  ["\u001bOM", ["enter"]],
  ["\u001bOq\u001bOk", ["1", "+"]],
  // kitty
  ["\u001b[13;2u", ["shift+enter"]],
  ["\u001b[13u\u001b[27u\u001b[9u\u001b[127u", ["enter", "escape", "tab", "backspace"]],
  ["\u001b[57414u", ["enter"]],
  ["\u001b[99;5u", ["ctrl+c"]],
  ["\u001b[106;5u", ["ctrl+j"]],
  ["\u001b[32;5u", ["ctrl+space"]],
  ["\u001b[97;3u", ["alt+a"]],
  ["\u001b[97;2u", ["A"]],
  ["\u001b[97:65;2u", ["A"]],
  ["\u001b[49:33;2u", ["!"]],
  ["\u001b[97;65u", ["A"]],
  ["\u001b[97;66u", ["a"]],
  ["\u001b[97;;97u", ["a"]],
  ["\u001b[97;2;65u", ["A"]],
  ["\u001b[97;5;97u", ["ctrl+a"]],
  ["\u001b[97;1:1u\u001b[97;1:2u\u001b[97;1:3u", ["a", "a"]],
  ["\u001b[1;1:3A\u001b[1;5:1D", ["ctrl+left"]],
  ["\u001b[3;1:3~", []],
  ["\u001b[57400u", ["1"]],
  ["\u001b[57441;2u", []],
  ["\u001b[57358u", []],
  ["\u001b[97;9u", []],
  ["\u001b[57376u", ["f13"]],
  // modifyOtherKeys
  ["\u001b[27;2;13~", ["shift+enter"]],
  ["\u001b[27;5;97~", ["ctrl+a"]],
  ["\u001b[27;2;65~", ["A"]],
  ["\u001b[27;6;65~", ["ctrl+shift+a"]],
  // Caps Lock and Num Lock (NousResearch/hermes-agent#90291)
  ["\u001b[99;69u\u001b[98;67u\u001b[27;5;67~", ["ctrl+c", "alt+b", "ctrl+c"]],
  ["\u001b[99;133u\u001b[13;129u\u001b[1;193A", ["ctrl+c", "enter", "up"]],
  ["\u001b[99;70u\u001b[1089::99;69u", ["ctrl+shift+c", "ctrl+c"]],
  // keys of layouts without Latin letters: the base-layout key, else the position
  ["\u001b[1089::99;5u", ["ctrl+c"]],
  ["\u001b[1089:1057:99;6u", ["ctrl+shift+c"]],
  ["\u001b[1089;5u\u001b[1094;3u\u001b[1110;5u", ["ctrl+c", "alt+w", "ctrl+s"]],
  ["\u001b[27;5;1089~\u001b[27;6;1057~", ["ctrl+c", "ctrl+shift+c"]],
  ["\u001b[968;5u\u001b[1489;5u\u001b[1572;5u", ["ctrl+c", "ctrl+c", "ctrl+c"]], // Greek, Hebrew, Arabic
  ["\u001b[1089;;1089u\u001b[1089;2u", ["с", "С"]],
  ["\u001bд", ["alt+l"]],
  ["\u001b[106::99;5u\u001b[99::105;3u", ["ctrl+j", "alt+c"]], // Dvorak
  ["\u001b[252::91;5u\u001b[252;5u", ["ctrl+[", "ctrl+ü"]],
  // replies and reports give no key
  ["\u001b[?1u", ['reply:["kitty",1]']],
  ["\u001b[?1;2c", ['reply:["attributes","1;2"]']],
  ["\u001b[>0;276;0c", ['reply:["device","0;276;0"]']],
  ["\u001b[24;80R", []],
  ["\u001b[I\u001b[O", ['reply:["focus",true]', 'reply:["focus",false]']],
  ["\u001b[<0;10;20Mx\u001b[<0;10;20m", ["x"]],
  ["\u001b[M !!x", ["x"]],
  ["\u001b[?2026;2$yx", ["x"]],
  ["\u001b]11;rgb:0000/2b2b/3636\u001b\\x", ['reply:["background","dark"]', "x"]],
  ["\u001b]11;rgb:fdfd/f6f6/e3e3\u0007x", ['reply:["background","light"]', "x"]],
  [
    "\u001b]11;rgb:0/0/0\u0007\u001b]11;rgba:ff/ff/ff/ff\u0007",
    ['reply:["background","dark"]', 'reply:["background","light"]'],
  ],
  ["\u001b]11;#1e1e1e\u0007", ['reply:["background","dark"]']],
  ["\u001b]11;none\u0007\u001b]10;rgb:0/0/0\u0007\u001b]11;rgb:0/0\u0007x", ["x"]],
  ["\u001bP>|xterm(390)\u001b\\x", ["x"]],
  ["\u001b_Gi=1;OK\u001b\\x", ["x"]],
  ["\u001b^secret\u001b\\x", ["x"]],
  ["\u001b\u001b[?1;2c", ["escape", 'reply:["attributes","1;2"]']],
  // incomplete sequences
  ["\u001b[1;5\r", ["enter"]],
  ["\u001b[12\u0018x", ["x"]],
  ["\u001b[1\u001b[A", ["up"]],
  ["\u001b]0;title\u001b[A", ["up"]],
  ["\u001b[201~", []],
  ["\u001b[~\u001b[x\u001b[1;1;1;1x!", ["!"]],
  // pastes
  ["\u001b[200~hello\u001b[201~", ["paste:hello"]],
  ["\u001b[200~a\rb\r\nc\nd\te\u001b[201~x", ["paste:a\nb\nc\nd\te", "x"]],
  ["\u001b[200~a\u001b[31mred\u001b[0m\u0007\u009b\u001b[201~", ["paste:ared"]],
  ["\u001b[200~x\u001b[20\u001b[201~y", ["paste:x", "y"]],
];

describe("a key parser", () => {
  it("reads keys, replies and pastes", () => {
    for (const [bytes, keys] of table) expect(hear(bytes), JSON.stringify(bytes)).toEqual(keys);
  });

  it("reads the same when the bytes are split anywhere", () => {
    for (const [bytes] of table) {
      const row = JSON.stringify(bytes);
      const whole = Buffer.from(bytes);
      const expected = hear(whole);
      for (let at = 1; at < whole.length; at++)
        expect(hear(whole.subarray(0, at), whole.subarray(at)), `${row} split at ${at}`).toEqual(expected);
      expect(hear(...Array.from(whole, (byte) => Uint8Array.of(byte))), row).toEqual(expected);
    }
  });

  it("reads a return inside a chunk of text as a line end, and one at its end as Enter", () => {
    expect(hear("one\rtwo\r")).toEqual(["o", "n", "e", "ctrl+j", "t", "w", "o", "enter"]);
    expect(hear("one\r\ntwo\r\n")).toEqual(["o", "n", "e", "ctrl+j", "t", "w", "o", "enter"]);
    expect(hear("a\r\rb")).toEqual(["a", "ctrl+j", "ctrl+j", "b"]);
    expect(hear("a\r\u001b[A")).toEqual(["a", "enter", "up"]);
    expect(hear("a", "\r", "b")).toEqual(["a", "enter", "b"]);
  });

  it("reads a long burst of text as one paste, and a return at its end as Enter", () => {
    const line = "x".repeat(150);
    expect(hear(`${line}\r${line}\tü\r`)).toEqual([`paste:${line}\n${line}\tü`, "enter"]);
  });

  it("waits 40 ms after an ESC, and longer inside a sequence or a paste", () => {
    const { heard, timers, feed } = listen();
    feed("\u001b");
    expect([heard, timers.ms()]).toEqual([[], 40]);
    timers.fire();
    expect(heard.splice(0)).toEqual(["escape"]);
    feed("\u001b[1;");
    expect(timers.ms()).toBe(500);
    feed("5C");
    expect([heard.splice(0), timers.ms()]).toEqual([["ctrl+right"], undefined]);
    feed("\u001b[1;");
    timers.fire();
    feed("x");
    expect(heard.splice(0)).toEqual(["x"]);
    feed("\u001b[200~half a paste\u001b[20");
    expect(timers.ms()).toBe(5000);
    timers.fire();
    feed("x");
    expect(heard).toEqual(["paste:half a paste", "x"]);
  });

  it("waits longer while the terminal answers: no piece of an answer is text, however slowly it comes", () => {
    const answer = "\u001b]11;rgb:1e1e/1e1e/1e1e\u001b\\";
    for (let at = 1; at < answer.length; at++) {
      const { heard, timers, feed } = listen({ isAsking: () => true });
      feed(answer.slice(0, at));
      expect(timers.ms(), `split at ${at}`).toBe(at === 1 ? 500 : 5000);
      feed(answer.slice(at));
      expect(heard).toEqual(['reply:["background","dark"]']);
    }
    const { timers, feed } = listen();
    feed("\u001b]11;rgb:1e1e");
    expect(timers.ms()).toBe(5000);
  });

  it("drops invalid bytes and continues", () => {
    expect(hear(Uint8Array.of(0xff, 0x61, 0xc3, 0x62, 0xe2, 0x82, 0x0d))).toEqual(["a", "b", "enter"]);
    expect(hear(Uint8Array.of(0xc0, 0x80, 0xed, 0xa0, 0x80, 0xf5, 0x80, 0x63))).toEqual(["c"]);
    expect(hear(Uint8Array.of(0xc2, 0x9b, 0x41))).toEqual(["A"]);
  });

  // Only a return depends on the chunks: it is Enter at the end of a chunk, a line end before more text.
  const pieces = fc.oneof(
    fc.constantFrom(
      ...table.map(([bytes]) => bytes),
      "\u001b",
      "\u001b[",
      "\u001b[200~",
      "\u001b[201~",
      "\u001bO",
      ";",
      "5",
      "~",
      "u",
      "[",
      "M",
    ),
    fc.string({ unit: "binary", maxLength: 6 }),
  );
  const bytes = fc.oneof(
    fc.array(pieces, { maxLength: 12 }).map((parts) => Buffer.from(parts.join(""))),
    fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
  );
  const withoutReturns = bytes.map((buffer) => Buffer.from(buffer.filter((byte) => byte !== 0x0d)));

  it("reads the same keys however the bytes are cut into chunks", () => {
    fc.assert(
      fc.property(withoutReturns, fc.array(fc.nat(), { maxLength: 10 }), (buffer, cuts) => {
        fc.pre(buffer.length < 200);
        const at = [0, ...cuts.map((cut) => cut % (buffer.length + 1)), buffer.length].toSorted(
          (a, b) => a - b,
        );
        const chunks = at.slice(1).map((end, index) => buffer.subarray(at[index], end));
        expect(hear(...chunks)).toEqual(hear(buffer));
      }),
      { numRuns: 1000 },
    );
  });

  it("reads the next key after any bytes and a timeout", () => {
    fc.assert(
      fc.property(bytes, (buffer) => {
        const { heard, timers, feed } = listen();
        feed(buffer);
        timers.fire();
        heard.length = 0;
        feed("x");
        expect(heard).toEqual(["x"]);
      }),
      { numRuns: 1000 },
    );
  });
});
