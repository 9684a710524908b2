import { clientMutants } from "./list-client.js";
import { limitMutants } from "./list-limits.js";
import { modelMutants } from "./list-models.js";
import { moneyMutants } from "./list-money.js";
import { rateMutants } from "./list-rates.js";
import { relayMutants } from "./list-relay.js";
import { serverMutants } from "./list-server.js";
import { sessionMutants } from "./list-session.js";
import { storeMutants } from "./list-stores.js";
import { textMutants } from "./list-text.js";

/**
 * One small edit of the source that a test must notice.
 *
 * @typedef {object} Mutant
 * @property {string} file
 * @property {string} find Stands exactly once in the file. Short, and unlikely to change: a constant, a condition.
 * @property {string} replace
 * @property {string} why What goes wrong with it.
 * @property {string[]} tests Files of which at least one must fail.
 */

/** @type {Mutant[]} */
export const mutants = [
  ...moneyMutants,
  ...modelMutants,
  ...relayMutants,
  ...storeMutants,
  ...serverMutants,
  ...clientMutants,
  ...sessionMutants,
  ...textMutants,
  ...limitMutants,
  ...rateMutants,
];
