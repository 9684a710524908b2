import { parsed } from "../../text/loose-json.ts";
import { ClientError } from "../failure.ts";

interface Came {
  /** The body, where the reply was read whole; without it, it was JSON. */
  text?: string;
  charged?: "no" | "maybe";
}

function nameOf(text: string | undefined): string {
  if (text === undefined || parsed(text) !== undefined) return "unexpected JSON";
  if (text.trim() === "") return "an empty reply";
  return /^\s*<(!doctype|html|head|body|h1|title)\b/i.test(text)
    ? "an HTML page"
    : "something that is not JSON";
}

/** A reply with a status of success that isn't this API's. */
export function badReply(server: string, { text, charged }: Came = {}): ClientError {
  return new ClientError("bad_reply", `${server} is not a chat server (it answered with ${nameOf(text)}).`, {
    remedy: { kind: "check_address" },
    charged,
  });
}

/** A reply that is larger than any of this API. */
export function hugeReply(server: string, charged: "no" | "maybe"): ClientError {
  return new ClientError("bad_reply", `The reply of ${server} is larger than 16 MiB.`, {
    remedy: { kind: "check_address" },
    charged,
  });
}
