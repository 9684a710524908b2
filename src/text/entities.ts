import { decodeHTMLStrict } from "entities/decode";

/** Text with the characters that its HTML entities stand for. */
export function decodeEntities(text: string): string {
  return text.includes("&") ? decodeHTMLStrict(text) : text;
}
