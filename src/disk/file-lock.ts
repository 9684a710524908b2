/**
 * proper-lockfile's `lock`, in a file of its own so that it is loaded only for writing: imported dynamically by its
 * name, a CommonJS package has nothing but a default in the bundle.
 */
export { lock } from "proper-lockfile";
