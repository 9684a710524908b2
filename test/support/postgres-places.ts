import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { openCluster, sharedCluster, type Cluster, type ClusterOptions, type Place } from "./postgres.ts";

/** The state that the tests of one file share; empty until a test runs. */
export interface Places {
  readonly cluster: Cluster;
  /** The place of the current test. */
  readonly place: Place;
  /** Called when the test has ended, the last one first, before the place is dropped. */
  readonly closers: (() => Promise<unknown>)[];
}

/**
 * Opens a place for each test of a `describe`: in the PostgreSQL that all share, or with `options` in one of its own, which
 * it may crash.
 */
export function openPlaces(options?: ClusterOptions): Places {
  let cluster: Cluster | undefined;
  let place: Place | undefined;
  const closers: Places["closers"] = [];
  beforeAll(async () => {
    cluster = await (options ? openCluster(options) : sharedCluster());
  });
  afterAll(() => cluster?.close());
  beforeEach(async () => {
    place = await there(cluster).place();
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
    await place?.drop();
  });
  return {
    get cluster() {
      return there(cluster);
    },
    get place() {
      return there(place);
    },
    closers,
  };
}

function there<T>(opened: T | undefined): T {
  if (opened === undefined) throw new Error("No test is running.");
  return opened;
}
