export interface Program {
  /** The command that starts it, as one types it here: `ai-chat`, `npx ai-chat`, `node /opt/ai-chat-system/bin/ai-chat.js`. */
  name: string;
  version: string;
}
