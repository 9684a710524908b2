import { compareSync, genSaltSync, getRounds, hashSync } from "bcryptjs";

// Runs in a worker thread: a hash takes a core for a quarter of a second, and would stop the event loop for as long.
// bcryptjs takes the UTF-8 bytes of a string. Strings that bcrypt would cut or confuse are refused before they get here.

/** @type {Map<number, string>} */
const dummies = new Map();

/**
 * @param {{ password: string, cost: number }} job
 * @returns {string} `$2b$…`
 */
export function hash({ password, cost }) {
  return hashSync(password, cost);
}

/**
 * Compares with `hash`, or where there is none does the same work against a hash that nothing matches. A hash of a lower
 * cost, from before the operator raised it, gets the rest of the work as well: or its time would tell that the name
 * exists. (One of a higher cost takes longer, and tells it.)
 *
 * @param {{ password: string, hash: string | undefined, cost: number }} job
 * @returns {boolean}
 */
export function matches({ password, hash, cost }) {
  if (hash === undefined) {
    compareSync(password, dummy(cost));
    return false;
  }
  const matched = compareSync(password, hash);
  // 2^c and 2^c + 2^(c+1) + … + 2^(cost−1) are 2^cost.
  for (let each = getRounds(hash); each < cost; each += 1) compareSync(password, dummy(each));
  return matched;
}

/**
 * Well formed, so that comparing costs what it costs with a real one; made without hashing anything, so that the
 * first unknown name takes no longer than the second.
 *
 * @param {number} cost
 */
function dummy(cost) {
  const known = dummies.get(cost);
  if (known !== undefined) return known;
  const made = genSaltSync(cost) + ".".repeat(31);
  dummies.set(cost, made);
  return made;
}
