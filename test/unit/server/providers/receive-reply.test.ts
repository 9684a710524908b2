import * as fc from "fast-check";
import { expect, test } from "vitest";
import { receiveReply } from "../../../../src/server/providers/relay/receive-reply.ts";
import { chunk } from "../../../support/openai-server.ts";

/** What is passed on of a stream, wherever its bytes are split, and wherever they end. */

const DONE = "data: [DONE]\n\n";
const usage = `data: ${JSON.stringify({ model: "m", choices: [], usage: { total_tokens: 3 } })}\n\n`;
const call = (more: object) => chunk({ tool_calls: [{ index: 0, ...more }] });

/** Its events; the first that says that the answer has ended, and the first with content, counted from 0. */
interface Stream {
  events: string[];
  ends: number;
  begins: number;
}
const streams: Record<string, Stream> = {
  "a text": {
    events: [
      chunk({ role: "assistant", content: "" }),
      chunk({ reasoning_content: "Hm." }),
      chunk({ content: "Grüß " }),
      chunk({ content: "dich" }),
      chunk({}, "stop"),
      usage,
      DONE,
    ],
    ends: 4,
    begins: 2,
  },
  "a text without a finish_reason": {
    events: [chunk({ content: "a" }), chunk({ content: "b" }), DONE],
    ends: 2,
    begins: 0,
  },
  "a finish_reason beside the last text": {
    events: [chunk({ content: "a" }), chunk({ content: "b" }, "length"), DONE],
    ends: 1,
    begins: 0,
  },
  "a refusal": { events: [chunk({ refusal: "No." }), chunk({}, "stop"), DONE], ends: 1, begins: 0 },
  "calls of tools": {
    events: [
      chunk({ role: "assistant", content: null }),
      call({ id: "t", type: "function", function: { name: "f", arguments: "" } }),
      call({ function: { arguments: '{"a":1}' } }),
      chunk({}, "tool_calls"),
      usage,
      DONE,
    ],
    ends: 3,
    begins: 1,
  },
};

/** Receives the pieces, and then what ends them. */
function receive(pieces: Buffer[], end: "ends" | "breaks") {
  const passed = { events: "", hasContent: false };
  const reply = receiveReply({
    name: "ours",
    whole: true,
    onDelta(events) {
      passed.events += events;
      passed.hasContent = true;
    },
    onReasoning: (events) => void (passed.events += events),
  })((events, listener) => listener?.(events));
  const reader = reply.reader({ wait: () => {} });
  try {
    const isWhole = pieces.some((piece) => reader.push(piece));
    if (!isWhole && end === "ends") reader.end();
    if (!isWhole && end === "breaks") reader.broke(new Error("it broke"));
    return { ...passed, ...reply.end(), isWhole: true };
  } catch {
    return { ...passed, document: undefined, tail: undefined, isWhole: false };
  }
}

test.each(Object.entries(streams))("%s is the same, however its bytes are split", (_what, { events }) => {
  const bytes = Buffer.from(events.join(""));
  const whole = receive([bytes], "ends");
  expect(whole.isWhole).toBe(true);
  const places = fc.uniqueArray(fc.nat(bytes.length), { maxLength: 8 });
  const same = fc.property(places, (found) => {
    const cuts = [0, ...found.sort((a, b) => a - b), bytes.length];
    const pieces = cuts.slice(1).map((place, index) => bytes.subarray(cuts[index], place));
    expect(receive(pieces, "ends")).toEqual(whole);
  });
  expect(fc.check(same, { numRuns: 50 }).counterexample).toBeNull();
});

test.each(Object.entries(streams))(
  "%s that breaks is whole from the event on that ends it",
  (_what, stream) => {
    const bytes = Buffer.from(stream.events.join(""));
    const lengthOf = (count: number) => Buffer.byteLength(stream.events.slice(0, count).join(""));
    const all = receive([bytes], "ends").events;
    const wrong = [...bytes.keys()].filter((length) => {
      const { isWhole, events, hasContent } = receive([bytes.subarray(0, length)], "breaks");
      return !(
        isWhole === length >= lengthOf(stream.ends + 1) &&
        hasContent === length >= lengthOf(stream.begins + 1) &&
        all.startsWith(events)
      );
    });
    expect(wrong).toEqual([]);
    // Both wait for the charge.
    expect(all).not.toMatch(/"finish_reason":"|total_tokens/);
  },
);
