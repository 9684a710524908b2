import type { AiFailure } from "./ai-calls.ts";

interface Words {
  what: string;
  /** What the operator can do. */
  todo: string;
}

/** Sentences for the operator: why a model is failing. */
export const failureWords: Readonly<Record<AiFailure, Words>> = {
  connection: {
    what: "The AI cannot be reached, or its connections break.",
    todo: "Check its address (base_url), the network, and whether it runs.",
  },
  timeout: {
    what: "The AI does not answer in time.",
    todo: "Look at its load. --question-timeout and --idle-timeout allow more time.",
  },
  key: {
    what: "The AI refuses the API key, or the account behind it.",
    todo: "Check the key (AI_CHAT_API_KEY, or the model's own) and the credit of its account.",
  },
  limit: {
    what: "The AI has too many requests.",
    todo: "Raise the limit of its account, or let fewer questions run at once (--max-questions).",
  },
  model: {
    what: "The AI does not know the model, or nothing answers at its address.",
    todo: "Check the name that the model has there, and its address (base_url).",
  },
  refused: { what: "The AI refuses questions.", todo: "The questions are the reason." },
  settings: {
    what: "The AI refuses every question.",
    todo: "Check the model's max_output_tokens, temperature, reasoning_effort and extra_body.",
  },
  server: { what: "The AI reports a failure of its own.", todo: "Look at its status page or its log." },
  answer: {
    what: "The AI sends no whole answers.",
    todo: "Check that its address (base_url) is an API for chat completions, and look at its log.",
  },
};
