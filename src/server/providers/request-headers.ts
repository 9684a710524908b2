import { StartupError } from "../core/startup-error.ts";

/**
 * Headers of every request to an upstream; `more` are the operator's own. `authorization` is used if there is no key.
 * StartupError for a key that no header can carry; it does not quote the key.
 */
export function requestHeaders(
  apiKey: string | undefined,
  authorization: string | undefined,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const key = apiKey?.trim();
  if (key && !/^[\x21-\x7e]+$/.test(key)) {
    throw new StartupError(
      "The API key contains characters that no key has, such as spaces or line breaks.",
      "Set AI_CHAT_API_KEY to the key and nothing else.",
    );
  }
  const credentials = key ? `Bearer ${key}` : authorization;
  return {
    Accept: "application/json, text/event-stream",
    "Accept-Encoding": "identity",
    "Content-Type": "application/json",
    "User-Agent": "ai-chat-system",
    ...more,
    ...(credentials && { Authorization: credentials }),
  };
}
