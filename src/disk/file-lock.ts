/**
 * proper-lockfile's `lock`, loaded only for writing. In a file of its own because a dynamic import of a CommonJS package
 * has only a default export in the bundle.
 */
export { lock } from "proper-lockfile";
