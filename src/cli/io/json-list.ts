import { printableJson } from "../../text/sanitize.ts";
import type { Output } from "./output.ts";

/** Writes one JSON array, whose items may come in several calls, as one document on one line. */
export function createJsonList(output: Pick<Output, "write">): {
  add(items: readonly unknown[]): Promise<void>;
  end(): Promise<void>;
} {
  let before = "[";
  return {
    async add(items) {
      if (items.length === 0) return;
      await output.write(before + items.map((item) => printableJson(item)).join(","));
      before = ",";
    },
    end: () => output.write(before === "[" ? "[]\n" : "]\n"),
  };
}
