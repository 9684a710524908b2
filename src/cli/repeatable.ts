/** Typed text as a message may repeat it: what stands before the @ of an address, with or without a scheme, may be a password. */
export const repeatable = (text: string): string => text.replaceAll(/(:\/{0,2})\S*@/g, "$1…@");
