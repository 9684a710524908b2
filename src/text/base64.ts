const OTHER = /[^A-Za-z0-9+/]/;

/**
 * How many bytes the text stands for in Base64 (RFC 4648 §4: with its padding, and without line ends), of which each bytes
 * have one text only; undefined if it is not that.
 */
export function base64Bytes(text: string): number | undefined {
  if (text.length % 4 !== 0) return undefined;
  const found = text.search(OTHER);
  const end = found === -1 ? text.length : found;
  const padding = text.length - end;
  // Padding that is none, and bits that belong to no byte, come out as something else.
  const last = text.slice(-4);
  if (padding > 2 || Buffer.from(last, "base64").toString("base64") !== last) return undefined;
  return (text.length / 4) * 3 - padding;
}
