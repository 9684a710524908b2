import { settingNames } from "../../client/kept/settings.ts";
import type { CommandSpec } from "../argv/command-spec.ts";
import { withoutServer } from "../argv/options.ts";

/** Commands about what this user has on this machine; all but `doctor` connect to nothing. */
export const machineCommands = {
  conversations: {
    summary: "the saved conversations of this machine",
    words: "list|show ID|search TEXT|export ID|delete ID",
    actions: {
      list: { summary: "the latest first", words: [] },
      show: { summary: "one, from its first turn", words: ["conversation"] },
      search: { summary: "in titles, questions and answers", words: ["text"] },
      export: { summary: "as Markdown or JSON, to stdout", words: ["conversation"] },
      delete: { summary: "for good", words: ["conversation"] },
    },
    options: ["format"],
    common: withoutServer,
    secrets: [],
    examples: [
      ["conversations list", "the latest first"],
      ["conversations show k3", "by the beginning of its ID"],
      ["conversations search trip to rome", "in titles, questions and answers"],
      ["conversations export k3 --format json > rome.json", "else Markdown"],
      ["conversations delete k3", "for good"],
    ],
    grace: 1000,
    run: async () => (await import("../commands/conversations/conversations.ts")).conversations,
  },
  config: {
    summary: `your settings: ${settingNames.join(", ")}`,
    settings: true,
    words: "list|get KEY|set KEY VALUE|unset KEY|path",
    actions: {
      list: { summary: "every setting, and where its value came from", words: [] },
      get: { summary: "the value of one", words: ["setting"] },
      set: { summary: "keep a value", words: ["setting", "settingValue"] },
      unset: { summary: "forget a value", words: ["setting"] },
      path: { summary: "the file", words: [] },
    },
    options: [],
    common: withoutServer,
    secrets: [],
    examples: [
      ["config list", "every setting, and where its value came from"],
      ["config set server chat.example.org", "your default server"],
      ["config set timeout 60", "longest silence of a server, in seconds"],
      ["config unset server", "as it was at first"],
      ["config path", "the file"],
    ],
    grace: 0,
    run: async () => (await import("../commands/config/config.ts")).config,
  },
  doctor: {
    summary: "is all well? Server, token, terminal, files",
    options: [],
    secrets: ["token"],
    examples: [
      ["doctor", "what is wrong, and what to do about it"],
      ["doctor -s chat.example.org", "with this server"],
      ["doctor --json", "for programs, and to send to somebody who helps"],
    ],
    notes:
      "Ends with 0 when all is well, else with the code of the first thing that is wrong. Not being logged in isn't. It shows no token and no password.",
    grace: 5000,
    run: async () => (await import("../commands/doctor/doctor.ts")).doctor,
  },
  completion: {
    summary: "a script that completes what you type",
    words: "bash|zsh|fish",
    actions: {
      bash: { summary: "for bash", words: [] },
      zsh: { summary: "for zsh", words: [] },
      fish: { summary: "for fish", words: [] },
    },
    options: [],
    common: withoutServer,
    secrets: [],
    examples: [
      ["source <(%% completion bash)", "a line for ~/.bashrc"],
      ["source <(%% completion zsh)", "a line for ~/.zshrc, behind compinit"],
      ["%% completion fish > ~/.config/fish/completions/ai-chat.fish", "once, for fish"],
    ],
    notes:
      "Completes commands, options and their values, saved conversations by title, servers and settings, for the command ai-chat (npm install -g ai-chat-system). It asks no server.",
    grace: 0,
    run: async () => (await import("../commands/completion/completion.ts")).completion,
  },
} satisfies Record<string, CommandSpec>;
