import type { SessionCommand } from "./command.ts";

/** Asks for the key without echo, so that it is in no history of a shell. */
const KEY = "read -rs AI_CHAT_API_KEY && export AI_CHAT_API_KEY";
const OTHER_API = "http://127.0.0.1:8080/v1";

/** `/connect`. Its commands can be typed as they stand. */
export const connectCommand: SessionCommand = {
  name: "connect",
  help: "how to connect a model",
  whileAnswering: true,
  run(session) {
    const { commandName: program, server, address, state } = session;
    const now = state.model === "demo" ? ["A demo answers here, not an AI."] : [];
    session.note(
      "info",
      ...now,
      ...(address === "local" ? ways(`${program} -s local`) : elsewhere(program, server)),
    );
  },
};

function elsewhere(program: string, server: string): string[] {
  return [
    `Whoever runs ${server} connects a model there. To use your own server: /server local`,
    ...ways(`${program} serve`),
  ];
}

function ways(start: string): string[] {
  return [
    "OpenAI (the first command waits for the key):",
    `  ${KEY}`,
    `  ${start}`,
    "Ollama, which is found by itself:",
    `  ollama pull llama3.2 && ${start}`,
    "llama.cpp, vLLM, LM Studio, and any other API like OpenAI's:",
    `  AI_CHAT_BASE_URL=${OTHER_API} ${start}`,
  ];
}
