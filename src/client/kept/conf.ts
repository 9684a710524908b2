/** conf, loaded only for writing. In a file of its own so that it shares the program's core (`scripts/one-core.js`). */
export { default as Conf } from "conf";
