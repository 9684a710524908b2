export interface Program {
  /** The command that starts it: `ai-chat`, `npx ai-chat` or `npx ai-chat-system`. */
  name: string;
  version: string;
}
