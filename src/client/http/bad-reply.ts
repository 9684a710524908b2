import { ClientError } from "../failure.ts";

/** A reply with a status of success that isn't this API's. */
export function badReply(server: string, charged: "no" | "maybe" = "no"): ClientError {
  return new ClientError("bad_reply", `What ${server} answered isn't this API's.`, {
    hint: "Check that this is the address of a chat server, or name another with --server URL.",
    charged,
  });
}
