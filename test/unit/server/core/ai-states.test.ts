import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AiFailure } from "../../../../src/server/core/ai-calls.ts";
import { createAiStates, type AiChange } from "../../../../src/server/core/ai-states.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const START = 1_800_000_000_000;

/** The state of a model `small`, whose clock the test owns. */
function setUp() {
  let at = START;
  const places = new Map([["small", "here"]]);
  const states = createAiStates(
    () => at,
    (model) => places.get(model),
  );
  const changes: AiChange[] = [];
  const call = (failure?: AiFailure, model = "small") => {
    const change = states.ended({ model, failure, cause: failure && `because of ${failure}` });
    if (change) changes.push(change);
  };
  const state = () => states.of("small");
  return { states, places, changes, call, state, pass: (ms: number) => void (at += ms), now: () => at };
}

const failThrice = ({ call }: ReturnType<typeof setUp>, why: AiFailure = "server") => {
  for (let count = 0; count < 3; count += 1) call(why);
};

describe("the state of a model", () => {
  test("is unknown before its first call, and then ok", () => {
    const at = setUp();
    expect(at.state()).toMatchObject({ state: "unknown", since: undefined });
    at.call();
    at.pass(MINUTE);
    at.call();
    expect(at.state()).toMatchObject({ state: "ok", since: START });
    expect(at.changes).toEqual([]);
  });

  test("is not failing for one lost connection, nor for two", () => {
    const at = setUp();
    at.call("connection");
    expect(at.state()).toMatchObject({ state: "unknown", since: undefined });
    at.call();
    at.pass(MINUTE);
    at.call("connection");
    at.call("connection");
    expect(at.state()).toMatchObject({ state: "ok", why: undefined });
  });

  test("is failing after three failures in a row, since the first of them, and ok with the next answer", () => {
    const at = setUp();
    at.call();
    at.pass(MINUTE);
    at.call("connection");
    at.pass(MINUTE);
    at.call("key");
    at.call("key");
    const since = START + MINUTE;
    expect(at.state()).toEqual({ state: "failing", since, why: "key", cause: "because of key", failed: 3 });
    at.call("server");
    expect(at.state()).toMatchObject({ why: "server", failed: 4 });
    at.pass(SECOND);
    at.call();
    expect(at.state()).toEqual({ state: "ok", since: at.now(), why: undefined, cause: undefined, failed: 0 });
    expect(at.changes).toEqual([
      { kind: "failing", model: "small", why: "key", cause: "because of key" },
      { kind: "answers", model: "small", ms: MINUTE + SECOND, failed: 4 },
    ]);
  });

  test("is ok while a busy AI fails now and then, also thrice in a row", () => {
    const at = setUp();
    at.call();
    for (let count = 0; count < 1000; count += 1) {
      at.call(count % 10 < 3 ? "server" : undefined);
      at.pass(10);
    }
    expect(at.changes).toEqual([]);
  });

  test("is failing once a busy AI has answered nothing for 10 seconds", () => {
    const at = setUp();
    for (let count = 0; count < 1000; count += 1) at.call();
    const first = at.now();
    for (; at.now() - first < 10 * SECOND; at.pass(100)) {
      at.call("connection");
      expect(at.state().state).toBe("ok");
    }
    at.call("connection");
    expect(at.state()).toMatchObject({ state: "failing", since: first });
  });

  test("is failing while most calls fail, and ok again when few do, without going to and fro", () => {
    const at = setUp();
    const minutes = (count: number, failsAt: (index: number) => boolean) => {
      for (let index = 0; index < count * 60; index += 1) {
        at.call(failsAt(index) ? "limit" : undefined);
        at.pass(SECOND);
      }
    };
    at.call();
    minutes(5, (index) => index % 5 < 3);
    expect(at.state()).toMatchObject({ state: "failing", why: "limit" });
    minutes(5, (index) => index % 2 === 0);
    expect(at.state()).toMatchObject({ state: "failing" });
    expect(at.changes).toHaveLength(1);
    minutes(3, (index) => index % 10 === 0);
    expect(at.state()).toMatchObject({ state: "ok" });
    expect(at.changes).toHaveLength(2);
  });

  test("does not change with refused questions", () => {
    const at = setUp();
    failThrice(at, "refused");
    expect(at.state()).toMatchObject({ state: "unknown" });
    at.call("server");
    at.call("refused");
    at.call("server");
    at.call("server");
    expect(at.state()).toMatchObject({ state: "failing", failed: 3 });
    failThrice(at, "refused");
    expect(at.state()).toMatchObject({ why: "server", failed: 3 });
  });

  test("is unknown after 15 minutes without a call", () => {
    const at = setUp();
    at.call();
    at.pass(15 * MINUTE);
    expect(at.state()).toMatchObject({ state: "ok" });
    at.pass(1);
    const quiet = { state: "unknown", since: START + 15 * MINUTE };
    expect(at.state()).toMatchObject(quiet);
    at.call("connection");
    expect(at.state()).toMatchObject(quiet);
    at.call();
    expect(at.state()).toMatchObject({ state: "ok", since: at.now() });
  });

  test("is failing again with one failure, if nobody asked meanwhile, and that is one outage", () => {
    const at = setUp();
    failThrice(at);
    at.pass(60 * MINUTE);
    expect(at.state()).toMatchObject({ state: "unknown", why: undefined });
    at.call("server");
    expect(at.state()).toMatchObject({ state: "failing", since: START, failed: 4 });
    at.call();
    expect(at.changes).toMatchObject([{ kind: "failing" }, { kind: "answers", ms: 60 * MINUTE, failed: 4 }]);
  });

  test("stays over a reload as long as the model is asked at the same place", () => {
    const at = setUp();
    failThrice(at);
    at.places.set("large", "there");
    expect(at.state()).toMatchObject({ state: "failing" });
    at.places.set("small", "there");
    expect(at.state()).toMatchObject({ state: "unknown", since: undefined });
    at.call("server");
    expect(at.state()).toMatchObject({ state: "unknown" });
    expect(at.changes).toHaveLength(1);
  });

  test("is one of three, whatever happens, and its changes alternate", () => {
    const step = fc.record({
      pass: fc.constantFrom(0, 100, SECOND, 30 * SECOND, 20 * MINUTE, -MINUTE),
      failure: fc.constantFrom<AiFailure | undefined>(undefined, undefined, "server", "key", "refused"),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const at = setUp();
        for (const { pass, failure } of steps) {
          at.pass(pass);
          at.call(failure);
          const { state, why } = at.state();
          expect(why === undefined).toBe(state !== "failing");
        }
        const kinds = at.changes.map(({ kind }) => kind);
        expect(kinds).toEqual(kinds.map((_, index) => (index % 2 === 0 ? "failing" : "answers")));
      }),
    );
  });
});

test("a model that the operator does not have is not judged, and its past is forgotten", () => {
  const at = setUp();
  for (let count = 0; count < 3; count += 1) at.call("server", "gone");
  expect(at.states.of("gone")).toMatchObject({ state: "unknown" });
  expect(at.changes).toEqual([]);
  failThrice(at);
  at.places.delete("small");
  at.places.set("large", "there");
  at.call(undefined, "large");
  at.places.set("small", "here");
  expect(at.states.all(["large", "small"])).toMatchObject([
    { model: "large", state: "ok" },
    { model: "small", state: "unknown" },
  ]);
});
