/** Most seconds that connecting may take (CLI.md §1): never over ten, nor longer than the server may be silent. */
export const connectTime = (silence: number): number => Math.min(10, silence);
