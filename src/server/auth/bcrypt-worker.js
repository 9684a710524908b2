import { compareSync, genSaltSync, getRounds, hashSync } from "bcryptjs";

// Runs in a worker thread: a hash takes a quarter of a second of CPU, which would block the event loop.
// bcryptjs hashes the UTF-8 bytes of a string. The caller refuses strings that bcrypt would cut or confuse.

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
 * Compares with `hash`; without one, does the same work with a hash that nothing matches. For a hash of a lower cost, from
 * before the operator raised it, it adds the missing work; else the time would reveal that the name exists. (A hash of a
 * higher cost takes longer, and does reveal it.)
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
 * Well formed, so that a comparison costs as much as with a real hash. Made without hashing, so that the first unknown
 * name takes no longer than the second.
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
