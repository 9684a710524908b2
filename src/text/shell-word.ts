/** A path or another text as one word of a shell command that can be typed as it stands. */
export const shellWord = (text: string): string =>
  /^[\w./~:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
