/** Runs work of the same key one after the other. If there is no other, the work begins in the same tick. */
export type InTurn = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/** See {@link InTurn}. */
export function createTurns(): InTurn {
  const last = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const done =
      last.get(key)?.then(
        () => work(),
        () => work(),
      ) ?? work();
    last.set(key, done);
    const forget = () => {
      if (last.get(key) === done) last.delete(key);
    };
    done.then(forget, forget);
    return done;
  };
}
