import { describe, expect, it } from "vitest";
import { ClientError, type ClientErrorCode } from "../../../../src/client/failure.ts";
import { replyOfEither } from "../../../../src/client/http/either-reply.ts";
import type { Call, Reply } from "../../../../src/client/http/transport.ts";

interface Sent {
  call: Call;
  resolve: (reply: Reply) => void;
  reject: (failure: unknown) => void;
}

const reply = (status: number): Reply => ({ status }) as Reply;
const failure = (code: ClientErrorCode, charged: "no" | "maybe" = "no") =>
  new ClientError(code, `It is ${code}.`, { charged });
const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** A question; what is sent of it is answered by the test. `stall` lets the second request begin. */
function begin(isRepeatable = true, signal?: AbortSignal) {
  const sent: Sent[] = [];
  const result = replyOfEither({
    call: { method: "POST", path: "/api/chat", question: true, signal },
    send: (call) => new Promise((resolve, reject) => void sent.push({ call, resolve, reject })),
    mayRepeat: async () => isRepeatable,
  });
  // Whoever awaits it hears of a failure then.
  result.catch(() => {});
  const stall = async () => {
    sent[0]!.call.onStall?.();
    await turn();
  };
  const isAborted = (at: number) => sent[at]!.call.signal!.aborted;
  return { sent, result, stall, isAborted };
}

describe("a question on a connection that may be dead", () => {
  it("is sent once while nothing stalls", async () => {
    const { sent, result } = begin();
    await turn();
    expect(sent).toHaveLength(1);
    sent[0]!.resolve(reply(200));
    expect(await result).toEqual({ status: 200 });
  });

  it("is sent once, however it stalls, where the server doesn't know keys", async () => {
    const { sent, result, stall } = begin(false);
    await stall();
    expect(sent).toHaveLength(1);
    sent[0]!.reject(failure("timeout", "maybe"));
    await expect(result).rejects.toMatchObject({ code: "timeout", charged: "maybe" });
  });

  it.each([0, 1])("takes the answer that comes first, and gives up the other request (%i)", async (at) => {
    const { sent, result, stall, isAborted } = begin();
    await stall();
    expect(sent).toHaveLength(2);
    sent[at]!.resolve(reply(200));
    expect(await result).toEqual({ status: 200 });
    expect([isAborted(at), isAborted(1 - at)]).toEqual([false, true]);
  });

  it.each([
    ["request_in_progress", 0, 1],
    ["request_in_progress", 1, 0],
    ["rate_limited", 1, 0],
    ["shutting_down", 1, 0],
    ["unreachable", 0, 1],
  ] as const)("waits for the other request after %s of request %i", async (code, failed, other) => {
    const { sent, result, stall, isAborted } = begin();
    await stall();
    sent[failed]!.reject(failure(code));
    await turn();
    expect(isAborted(other)).toBe(false);
    sent[other]!.resolve(reply(200));
    expect(await result).toEqual({ status: 200 });
  });

  it.each(["insufficient_tokens", "upstream_error", "answer_expired"] as const)(
    "ends with %s, which the server says only of a question that it isn't answering",
    async (code) => {
      const { sent, result, stall, isAborted } = begin();
      await stall();
      sent[1]!.reject(failure(code));
      await expect(result).rejects.toMatchObject({ code });
      expect(isAborted(0)).toBe(true);
    },
  );

  it("waits for the first request where a gateway fails the second", async () => {
    const { sent, result, stall } = begin();
    await stall();
    sent[1]!.reject(failure("upstream_error", "maybe"));
    await turn();
    sent[0]!.resolve(reply(200));
    expect(await result).toEqual({ status: 200 });
  });

  it.each([
    ["the second", "unreachable", "rate_limited", "rate_limited"],
    ["the first", "unreachable", "request_in_progress", "unreachable"],
    ["the second", "request_in_progress", "unreachable", "unreachable"],
  ] as const)(
    "ends with the failure of %s where both fail (%s, %s), and the charge in doubt",
    async (_which, first, second, told) => {
      const { sent, result, stall } = begin();
      await stall();
      sent[1]!.reject(failure(second));
      sent[0]!.reject(failure(first, "maybe"));
      await expect(result).rejects.toMatchObject({ code: told, charged: "maybe" });
    },
  );

  it("is sent once more where the first request is lost after it stalled", async () => {
    const { sent, result, stall } = begin();
    const stalling = stall();
    sent[0]!.reject(failure("unreachable", "maybe"));
    await stalling;
    sent[1]!.resolve(reply(200));
    expect(await result).toEqual({ status: 200 });
  });

  it("is given up on both connections when its caller leaves", async () => {
    const leaving = new AbortController();
    const { sent, result, stall, isAborted } = begin(true, leaving.signal);
    await stall();
    leaving.abort();
    expect([isAborted(0), isAborted(1)]).toEqual([true, true]);
    for (const { reject } of sent) reject(failure("interrupted", "maybe"));
    await expect(result).rejects.toMatchObject({ code: "interrupted", charged: "maybe" });
  });
});
