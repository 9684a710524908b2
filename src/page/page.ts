export const isPlaceholder = true;
