/**
 * A username as it is compared: without regard to ASCII case (API.md §1). In every store alike, or a copy would lose
 * names.
 */
export const foldName = (name: string): string => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
