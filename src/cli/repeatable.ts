/** Typed text as a message may repeat it: what stands before the @ of an address may be a password. */
export const repeatable = (text: string): string => text.replaceAll(/:\/\/\S*@/g, "://…@");
