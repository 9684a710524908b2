import type { CommandSpec } from "../../argv/command-spec.ts";
import { withoutServer } from "../../argv/options.ts";

export const spec: CommandSpec = {
  summary: "a completion script for your shell",
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
    ["source <(%% completion zsh)", "a line for ~/.zshrc, after compinit"],
    ["%% completion fish > ~/.config/fish/completions/ai-chat.fish", "once, for fish"],
  ],
  notes:
    "Completes commands, options and their values, saved conversations by title, servers, models, roles, API keys and settings, for the command ai-chat (npm install -g ai-chat-system). It asks a server only for your API keys and the names of its models, for a second at most.",
  grace: 0,
  run: async () => (await import("./completion.ts")).completion,
};
