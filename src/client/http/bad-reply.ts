import { ClientError } from "../failure.ts";

/** A reply with a status of success that isn't this API's. */
export function badReply(server: string, charged: "no" | "maybe" = "no"): ClientError {
  return new ClientError("bad_reply", `What ${server} answered isn't this API's.`, {
    remedy: { kind: "check_address" },
    charged,
  });
}
