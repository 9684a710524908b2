import type { CommandSpec } from "../../argv/command-spec.ts";
import { ofServer, secretsOfServer, withoutServer } from "../../argv/options.ts";

export const spec: CommandSpec = {
  summary: "run a chat server",
  options: ["config", "check", ...ofServer],
  common: withoutServer,
  secrets: secretsOfServer,
  examples: [
    ["serve", "on http://127.0.0.1:8000, with the AI that is available"],
    ["serve --provider demo --port 9000", "needs no key and no network"],
    ["serve --base-url http://localhost:11434/v1 --model llama3.2", "with Ollama"],
    ["serve --config chat.json --check", "says everything that is wrong in the file"],
  ],
  notes:
    "A flag takes precedence over its variable. The server keeps all of its data in its store. SIGHUP makes a server without a terminal read its files again.",
  grace: Number.POSITIVE_INFINITY,
  run: async () => (await import("./serve.ts")).serve,
};
