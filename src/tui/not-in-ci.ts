/**
 * Stands in for the package is-in-ci under Ink: `CI` in a person's shell must not silence the session
 * (docs/session.md#ci).
 */
const isInCi = false;

// eslint-disable-next-line import/no-default-export -- the package that it replaces has a default export
export default isInCi;
