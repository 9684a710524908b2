import { describe, expect, test } from "vitest";
import { Stop, type StopController } from "../../../../src/server/core/stop.ts";

describe.each<[string, () => StopController]>([
  ["a Stop", () => new Stop()],
  ["an AbortController", () => new AbortController()],
])("%s", (_, create) => {
  test("calls its listeners in order, once, with the first reason", () => {
    const stop = create();
    const { signal } = stop;
    const called: unknown[] = [];
    signal.addEventListener("abort", () => called.push("first", signal.aborted, signal.reason));
    signal.addEventListener("abort", () => called.push("second"));
    stop.abort("enough");
    stop.abort("again");
    expect(called).toEqual(["first", true, "enough", "second"]);
    expect(signal.reason).toBe("enough");
  });

  test("does not call a listener that was removed, or came too late", () => {
    const stop = create();
    const called: string[] = [];
    const removed = () => called.push("removed");
    stop.signal.addEventListener("abort", removed);
    stop.signal.addEventListener("abort", () => called.push("kept"));
    stop.signal.removeEventListener("abort", removed);
    stop.abort("enough");
    stop.signal.addEventListener("abort", () => called.push("late"));
    stop.abort("again");
    expect(called).toEqual(["kept"]);
  });

  test("throws its reason once it is aborted", () => {
    const stop = create();
    expect(stop.signal.aborted).toBe(false);
    expect(stop.signal.reason).toBeUndefined();
    stop.signal.throwIfAborted();
    const reason = new Error("enough");
    stop.abort(reason);
    expect(() => stop.signal.throwIfAborted()).toThrow(reason);
  });
});
