/**
 * How many bytes the text stands for in Base64 (RFC 4648 §4: with its padding, and without line ends), of which each bytes
 * have one text only; undefined if it is not that.
 */
export function base64Bytes(text: string): number | undefined {
  // To look for other characters with a regular expression takes longer.
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes.length : undefined;
}
