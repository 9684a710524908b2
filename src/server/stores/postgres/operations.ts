import type { Operations } from "../../core/operations.ts";

/** The port `Operations`. */
export function createOperations(): Operations {
  const missing = async (): Promise<never> => {
    throw new Error("This is not built yet.");
  };
  return {
    take: missing,
    setDisabled: missing,
    setPassword: missing,
    rename: missing,
    remove: missing,
    async *accounts() {
      yield await missing();
    },
    account: missing,
  };
}
