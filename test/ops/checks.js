/** A check that this machine cannot make. */
export class Skipped extends Error {}

/** Milliseconds after which what never came counts as a failure. */
const PATIENCE = 30_000;

let failures = 0;

/** How many checks failed. */
export const failed = () => failures;

/**
 * Makes a check and prints how it went. Never rejects.
 * @param {string} sentence
 * @param {() => Promise<void> | void} make
 */
export async function check(sentence, make) {
  const why = await Promise.resolve()
    .then(make)
    .then(
      () => undefined,
      (error) => error,
    );
  if (why === undefined) return console.log(`ok       ${sentence}`);
  if (why instanceof Skipped) return console.log(`skipped  ${sentence}: ${why.message}`);
  failures++;
  console.log(`FAILED   ${sentence}\n${String(why?.stack ?? why).replaceAll(/^/gm, "         ")}`);
}

/**
 * What a promise brings, or an Error if it takes too long.
 * @template T
 * @param {Promise<T>} promise
 * @param {string} what
 * @returns {Promise<T>}
 */
export async function soon(promise, what, patience = PATIENCE) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`too late: ${what}`)), patience);
  });
  try {
    return await Promise.race([promise, /** @type {Promise<never>} */ (late)]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until it holds. @param {() => boolean} holds @param {string} what */
export const until = (holds, what) =>
  soon(
    (async () => {
      while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
    })(),
    what,
  );
