/**
 * A model's name as a header can carry it: percent-encoded unless it is visible ASCII and spaces. Only a name that the
 * operator gave in no list can be anything else. Node would throw, after the question was charged.
 */
export const modelHeader = (name: string): string =>
  /^[\x20-\x7e]+$/.test(name) ? name : encodeURIComponent(name.toWellFormed());
