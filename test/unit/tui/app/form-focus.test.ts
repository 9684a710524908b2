import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createFormFocus } from "../../../../src/tui/app/form-focus.ts";
import { passwordForm } from "../../../../src/session/form.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function opened() {
  const onShown = vi.fn<() => void>();
  const form = passwordForm("jane", "Your login is no longer valid.");
  return { onShown, form, focus: createFormFocus({ open: () => form, onShown, now: Date.now }) };
}

describe("a form that opens by itself", () => {
  it("waits for a pause in typing", () => {
    const { focus, form, onShown } = opened();
    focus.typed();
    expect(focus.current()).toBeUndefined();
    vi.advanceTimersByTime(1_000);
    expect(onShown).toHaveBeenCalledOnce();
    expect(focus.current()).toBe(form);
  });

  it("leaves no timer after the screen is closed, even if it is read again", () => {
    const { focus, onShown } = opened();
    focus.typed();
    focus.current();
    focus.close();
    focus.current();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(5_000);
    expect(onShown).not.toHaveBeenCalled();
  });

  it("starts no timer if it opens after the screen was closed", () => {
    const { focus } = opened();
    focus.typed();
    focus.close();
    focus.current();
    expect(vi.getTimerCount()).toBe(0);
  });
});
