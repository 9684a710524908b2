import { expect, it } from "vitest";
import { firstState, type State } from "../../../../src/session/state.ts";
import { createAttention } from "../../../../src/tui/app/attention.ts";
import type { Notify } from "../../../../src/tui/options.ts";

const idle: State = { ...firstState({ username: "jane", formerly: [] }), title: "trip to Rome" };
const answering: State = { ...idle, phase: { kind: "streaming", since: 0 } };
const settling: State = { ...idle, phase: { kind: "settling", since: 0 } };
const queued: State = { ...idle, queue: { ...idle.queue, questions: ["next"] } };

function watch({
  focus,
  notify = "auto",
  notifications = false,
  ascii = false,
}: { focus?: boolean; notify?: Notify; notifications?: boolean; ascii?: boolean } = {}) {
  const titles: string[] = [];
  const written: string[] = [];
  let clock = 0;
  const follow = createAttention({
    terminal: { hasFocus: focus, setTitle: (text) => void titles.push(text) },
    traits: { ascii, notifications },
    notify,
    write: (sequence) => void written.push(sequence),
    now: () => clock,
  });
  /** Each state, so many milliseconds after the one before. */
  const pass = (...states: [after: number, state: State][]) => {
    for (const [after, state] of states) {
      clock += after;
      follow(state);
    }
    return written;
  };
  return { titles, written, pass };
}

const long: [number, State][] = [
  [0, answering],
  [10_001, idle],
];

it("titles the window with the conversation, and says that an answer comes", () => {
  const { titles, pass } = watch();
  pass([0, { ...idle, title: null }], [0, answering], [0, idle]);
  expect(titles).toEqual(["ai-chat", "… trip to Rome", "trip to Rome"]);
  const ascii = watch({ ascii: true });
  ascii.pass([0, answering]);
  expect(ascii.titles).toEqual(["... trip to Rome"]);
});

it("writes no control sequence of a title", () => {
  const { titles, pass } = watch({ focus: false, notifications: true });
  const title = "a\u0007\u001b]52;c;eA==\u0007b\u009c\nc";
  const written = pass([0, { ...answering, title }], [10_001, { ...idle, title }]);
  expect(titles).toEqual(["… ab c", "ab c"]);
  expect(written).toEqual(["\u001b]9;ai-chat: ab c\u0007"]);
});

it("rings after a long answer if the window has no focus", () => {
  expect(watch({ focus: false }).pass(...long)).toEqual(["\u0007"]);
  expect(watch({ focus: false, notify: "bell", notifications: true }).pass(...long)).toEqual(["\u0007"]);
  expect(watch({ focus: true, notify: "bell" }).pass(...long)).toEqual([]);
  expect(watch({ focus: false, notify: "off" }).pass(...long)).toEqual([]);
  expect(watch({ focus: false }).pass([0, answering], [10_000, idle])).toEqual([]);
});

it("rings where the focus was never reported only if that is set", () => {
  expect(watch().pass(...long)).toEqual([]);
  expect(watch({ notify: "bell" }).pass(...long)).toEqual(["\u0007"]);
});

it("rings once, at the end of the queue, and not after a stop", () => {
  const { pass } = watch({ focus: false });
  expect(pass([0, answering], [6_000, queued], [0, answering])).toEqual([]);
  expect(pass([6_000, idle], [0, idle])).toEqual(["\u0007"]);
  expect(pass([0, answering], [11_000, settling], [0, idle])).toEqual(["\u0007"]);
  expect(pass(...long)).toEqual(["\u0007", "\u0007"]);
});
