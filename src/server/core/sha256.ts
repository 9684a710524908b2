import * as crypto from "node:crypto";

/** SHA-256 of the text's UTF-8, in hex. */
export const sha256: (text: string) => string =
  // Node 21.0 to 21.6 has no `crypto.hash`, which takes less than half as long.
  crypto.hash === undefined
    ? (text) => crypto.createHash("sha256").update(text).digest("hex")
    : (text) => crypto.hash("sha256", text);
