import type { ServerConfig } from "./config.ts";
import { openModels, type OpenModels } from "./open-models.ts";
import { takeOver } from "./take-over.ts";
import type { Pair } from "./tls/pair.ts";

/** The settings of a running server. */
export interface Current {
  config: ServerConfig;
  models: OpenModels;
  /** What goes on without anybody who waits for it: models that answer their last questions. */
  readonly leftOver: Set<Promise<void>>;
}

/** The names of the models, the default first. */
export const namesOf = ({ models }: Current): string[] => models.list.map(({ name }) => name);

/** Where a model is asked, to compare; undefined if there is none of that name. */
export function placeOf({ config, models }: Current, model: string): string | undefined {
  const index = models.list.findIndex(({ name }) => name === model);
  const { baseUrl = "", upstream = "" } = config.models[index] ?? {};
  return index === -1 ? undefined : `${config.provider} ${baseUrl} ${upstream}`;
}

interface Needs {
  /** Called with the new settings and the certificate. Resolves when no question has the old ones any more. */
  apply: (current: Current, pair: Pair | undefined) => Promise<void>;
  stopping: () => boolean;
}

/** `RunningServer.reload`. Runs one after the other. */
export function createReload(current: Current, { apply, stopping }: Needs) {
  let last: Promise<unknown> = Promise.resolve();

  async function reload(next: ServerConfig): Promise<string[]> {
    const { config, restart } = takeOver(current.config, next);
    const pair = config.tls && (await (await import("./tls/pair.ts")).readPair(config.tls));
    const models = await openModels(config);
    if (stopping()) {
      await models.close();
      return [];
    }
    const old = current.models;
    Object.assign(current, { config, models } satisfies Partial<Current>);
    leave(apply(current, pair).then(() => old.close()));
    return restart;
  }

  function leave(work: Promise<unknown>): void {
    const left = work.then(
      () => void current.leftOver.delete(left),
      () => void current.leftOver.delete(left),
    );
    current.leftOver.add(left);
  }

  async function reloadAfter(earlier: Promise<unknown>, next: ServerConfig): Promise<string[]> {
    await earlier;
    return reload(next);
  }

  return (next: ServerConfig): Promise<string[]> => {
    const done = reloadAfter(last, next);
    last = done.catch(() => {});
    leave(last);
    return done;
  };
}
