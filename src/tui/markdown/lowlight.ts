/**
 * The highlighter with the languages that answers use. In a file of its own because a dynamic import of the package
 * bundles all of its 190 languages.
 */
export { common, createLowlight } from "lowlight";
