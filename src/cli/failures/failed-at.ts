import type { Call } from "../argv/call.ts";

/** A failure at a server other than the one of the command line. Hints use the server of `call`. */
export class FailedAt extends Error {
  readonly call: Call;

  constructor(call: Call, cause: unknown) {
    super("failed at another server", { cause });
    this.call = call;
  }
}

/** Runs `work` and adds `call` to its failures, because it may use another server than the command line. */
export async function failingAt<T>(call: Call, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new FailedAt(call, error);
  }
}
