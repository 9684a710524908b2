/**
 * Typed text as a message may repeat it: what stands before the @ of an address, with or without a scheme, may be a
 * password. Each word is gone through once: a text that was typed as a command may have 100,000 colons.
 */
export const repeatable = (text: string): string =>
  text.replaceAll(/(?<!\S)\S+@/g, (begun) => begun.replace(/(:\/{0,2}).*@/, "$1…@"));
