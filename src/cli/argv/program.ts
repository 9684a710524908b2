/** The program as it was started. */
export interface Program {
  /** As people type it here: `ai-chat`, `npx ai-chat`, `npx ai-chat-system`. */
  name: string;
  version: string;
}
