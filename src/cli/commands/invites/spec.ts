import type { CommandSpec } from "../../argv/command-spec.ts";
import { withoutServer } from "../../argv/options.ts";

export const spec: CommandSpec = {
  summary: "make, list and revoke invitations",
  words: "create | list | revoke CODE|ID",
  actions: {
    create: { summary: "make invitations and print their codes", words: [] },
    list: { summary: "list all, with how often each was used", words: [] },
    revoke: { summary: "make one invalid; accounts stay", words: ["text"] },
  },
  options: ["config", "data", "ledgerKey", "store", "inviteTokens", "uses", "expires", "count"],
  common: withoutServer,
  secrets: ["storePassword"],
  examples: [
    ["invites create", "a code for one account, valid for 30 days"],
    ["invites create --count 25 --tokens 1000 --expires 90d", "for a class"],
    ["invites list", "which were used"],
    ["invites revoke 7K3M9-QXA4T-BWC2D", "by its code, or by its ID"],
  ],
  notes:
    "For a server with --registration invite; an open one takes codes too. A code is shown once: the store keeps only its digest. Case, spaces and dashes in a code don't matter. A running server keeps running. With --store, the invitations are in Postgres.",
  grace: 0,
  run: async () => (await import("./invites.ts")).invites,
};
