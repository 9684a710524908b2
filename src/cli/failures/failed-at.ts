import type { Call } from "../argv/call.ts";

/** A failure at another server than the one of the command line: hints name the server of `call`. */
export class FailedAt extends Error {
  readonly call: Call;

  constructor(call: Call, cause: unknown) {
    super("failed at another server", { cause });
    this.call = call;
  }
}

/** Does `work`. Its failures are those of `call`, which may be at another server than the command line says. */
export async function failingAt<T>(call: Call, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new FailedAt(call, error);
  }
}
