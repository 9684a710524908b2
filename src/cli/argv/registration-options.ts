import { registrations } from "../../protocol/replies.ts";
import { oneOfOr } from "./option.ts";

/** Who may register at a server (docs/hosting.md#who-may-register). */
export const registrationOptions = {
  registration: oneOfOr(
    {
      flag: "registration",
      value: "WHO",
      env: ["AI_CHAT_REGISTRATION"],
      help: "who may register: open to all, invite or closed",
    },
    registrations,
    "open",
  ),
};
