import type { CommandSpec } from "../../argv/command-spec.ts";
import { withoutServer } from "../../argv/options.ts";

export const spec: CommandSpec = {
  summary: "the saved conversations of this machine",
  words: "list|show ID|search TEXT|export ID|export --all DIR|import FILE…|delete ID",
  actions: {
    list: { summary: "all, pinned ones and then the newest first", words: [] },
    show: { summary: "one, from its first turn", words: ["conversation"] },
    search: { summary: "in titles, questions and answers", words: ["text"] },
    export: { summary: "one to stdout, or all into a folder; Markdown or JSON", words: ["conversation"] },
    import: {
      summary: "what export wrote as JSON; an ID that exists gets a new one",
      words: ["file"],
      repeats: true,
    },
    delete: { summary: "permanently", words: ["conversation"] },
  },
  options: ["format", "versions", "allConversations"],
  common: withoutServer,
  secrets: ["theme"],
  examples: [
    ["conversations list", "all, pinned ones first"],
    ["conversations show k3", "by the start of its ID"],
    ["conversations search trip to rome", "in titles, questions and answers"],
    ["conversations export k3 --format json > rome.json", "Markdown without --format"],
    ["conversations show k3 --versions", "also what /retry and /edit took out of sight"],
    ["conversations export --all backup --format json --versions", "each in a file of that folder"],
    ["conversations import backup/*.json", "on another machine"],
    ["conversations delete k3", "permanently"],
  ],
  grace: 1000,
  run: async () => (await import("./conversations.ts")).conversations,
};
